/** How a master reaches a worker, and how it knows that it is that worker. */
import type { Fingerprint } from '../../shared/fingerprint.ts';

export interface WorkerTransport {
	/** of its certificate, which then counts alone: neither who signed it, nor for which name, nor until when */
	readonly pins: readonly Fingerprint[] | undefined;
	/** PEM: the authorities that its certificate has to be from. `undefined` for those that the system trusts */
	readonly ca: string | undefined;
	/** what the master shows, where a worker asks for it */
	readonly certificate: ClientCertificate | undefined;
	/** whether a token may go to a public address over plain HTTP */
	readonly allowPlainHttp: boolean;
}

/** PEM. */
export interface ClientCertificate {
	readonly cert: string;
	readonly key: string;
}

/** What holds where nothing was said. */
export const defaultTransport: WorkerTransport = {
	pins: undefined,
	ca: undefined,
	certificate: undefined,
	allowPlainHttp: false,
};
