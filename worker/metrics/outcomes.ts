/** Which reasons a worker gives for which status, so that each is counted from 0 on: of a series that begins with its
 * first value, nobody sees how fast it grew. */
import type { Reason, Status } from '../../shared/outcome.ts';
import { reasons, statuses } from '../../shared/outcome.ts';

/** `undefined` for what a master alone says. */
const statusOfReason: Readonly<Record<Reason, Exclude<Status, 'up'> | undefined>> = {
	timeout: 'down',
	'host-unreachable': 'down',
	'net-unreachable': 'down',
	'port-unreachable': 'down',
	'protocol-unreachable': 'down',
	'admin-prohibited': 'down',
	'ttl-exceeded': 'down',
	refused: 'down',
	reset: 'down',
	closed: 'down',
	tls: 'down',
	'http-5xx': 'down',
	'http-invalid': 'down',
	'dns-not-found': 'unresolved',
	'dns-timeout': 'unresolved',
	'dns-failed': 'unresolved',
	unspecified: 'denied',
	multicast: 'denied',
	broadcast: 'denied',
	reserved: 'denied',
	loopback: 'denied',
	'link-local': 'denied',
	'deny-list': 'denied',
	'own-address': 'denied',
	port: 'denied',
	'opt-out': 'denied',
	metadata: 'denied',
	'no-permission': 'error',
	'no-buffers': 'error',
	'no-descriptors': 'error',
	'no-ports': 'error',
	'no-route': 'error',
	'no-probe': 'error',
	'blocked-locally': 'error',
	unsupported: 'error',
	cancelled: 'error',
	'connect-failed': 'error',
	internal: 'error',
	'no-worker': undefined,
	'worker-failed': undefined,
};

export interface Outcome {
	readonly status: Status;
	/** empty for none */
	readonly reason: Reason | '';
	/** positions in `statuses` and `reasons` */
	readonly statusAt: number;
	readonly reasonAt: number;
	/** whether it can come of a worker */
	readonly isExpected: boolean;
}

/** Every status with every reason. */
export const outcomes: readonly Outcome[] = statuses.flatMap((status, statusAt) =>
	reasons.map((reason, reasonAt): Outcome => {
		const isExpected = reason === '' ? status === 'up' : statusOfReason[reason] === status;
		return { status, reason, statusAt, reasonAt, isExpected };
	}),
);
