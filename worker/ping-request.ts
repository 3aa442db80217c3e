/** `POST /ping` from its bytes to its hosts and settings: in columns (shared/columns.ts), or as JSON whatever the
 * Content-Type says, because that of curl says nothing. */
import { decodeRequest } from '../shared/columns.ts';
import { messageOf, PingpoolError } from '../shared/errors.ts';
import type { HostColumn } from '../shared/host-column.ts';
import { hostColumn } from '../shared/host-column.ts';
import { checkJsonForm } from '../shared/json-form.ts';
import type { Capabilities, PingRequest } from '../shared/protocol.ts';
import { mediaTypes, parsePingRequest, parsePingSettings } from '../shared/protocol.ts';
import type { Ticket } from './admission.ts';
import { readBody } from './body.ts';

export interface AskedBatch {
	/** as asked, by position; what is no bare IPv4 address is not parsed yet */
	readonly hosts: HostColumn;
	readonly settings: Omit<PingRequest, 'hosts'>;
}

/**
 * Reads a request and holds it to the worker's ceilings: that of the body, its form, those of hosts.
 *
 * @param room is asked for the bytes of the body as they come
 * @throws PingpoolError `unsupported-media-type`, `too-large`, `bad-request`, or `busy` when there is no room
 */
export async function readPingRequest(
	request: Request,
	capabilities: Capabilities,
	room: Pick<Ticket, 'addBytes'>,
): Promise<AskedBatch> {
	const bytes = await readBody(request, capabilities.bodyBytesMax, (length) => room.addBytes(length));
	const [type = ''] = (request.headers.get('content-type') ?? '').split(';', 1);
	const isColumns = type.trim().toLowerCase() === mediaTypes.columns;
	const asked = isColumns ? fromColumns(bytes, capabilities) : fromJson(bytes, capabilities);
	refuseTooManyProbes(asked, capabilities);
	return asked;
}

function fromColumns(bytes: Uint8Array, capabilities: Capabilities): AskedBatch {
	const { settings, ipv4 } = decodeRequest(bytes);
	refuseTooMany(ipv4.length, capabilities);
	if (ipv4.length === 0) {
		const expected = 'at least one host is expected';
		throw new PingpoolError('bad-request', `hosts: ${expected}`, { details: { path: 'hosts', expected } });
	}
	return { hosts: { length: ipv4.length, ipv4, texts: undefined }, settings: parsePingSettings(settings) };
}

function fromJson(bytes: Uint8Array, capabilities: Capabilities): AskedBatch {
	const body = parseJson(bytes);
	const asked = typeof body === 'object' && body !== null && 'hosts' in body ? body.hosts : undefined;
	// Before the form of every host is checked: a body of millions of wrong ones would be millions of errors.
	if (Array.isArray(asked)) refuseTooMany(asked.length, capabilities);
	const { hosts, ...settings } = parsePingRequest(body);
	return { hosts: hostColumn(hosts), settings };
}

function parseJson(bytes: Uint8Array): unknown {
	checkJsonForm(bytes);
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
	} catch (cause) {
		throw new PingpoolError('bad-request', 'the body is not valid UTF-8', { cause, details: { path: '' } });
	}
	try {
		return JSON.parse(text);
	} catch (cause) {
		const problem = text.trim() === '' ? 'it is empty' : messageOf(cause);
		throw new PingpoolError('bad-request', `the body is not JSON: ${problem}`, {
			cause,
			details: { path: '', expected: '{"hosts":["127.0.0.1"]}' },
		});
	}
}

function refuseTooMany(hosts: number, { hostsPerRequestMax }: Capabilities): void {
	if (hosts <= hostsPerRequestMax) return;
	throw new PingpoolError('too-large', `hosts: ${hosts} are over the ${hostsPerRequestMax} of one request`, {
		details: { path: 'hosts', hostsPerRequestMax },
	});
}

function refuseTooManyProbes({ hosts, settings }: AskedBatch, { probesPerRequestMax }: Capabilities): void {
	const each = Math.max(settings.count, settings.attempts);
	if (probesPerRequestMax === null || hosts.length * each <= probesPerRequestMax) return;
	throw new PingpoolError(
		'too-large',
		`hosts: ${hosts.length} hosts with up to ${each} probes each are over the ${probesPerRequestMax} probes of one request`,
		{ details: { path: 'hosts', probesPerRequestMax } },
	);
}
