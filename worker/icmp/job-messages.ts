/** Jobs between objects, as the worker has them, and columns, as they cross to the thread. */
import type { IpAddress } from '../../shared/ip.ts';
import type { PrefixCells } from '../rates/prefix-cells.ts';
import { noCell } from '../rates/prefix-cells.ts';
import type { EchoJob } from './echo-engine.ts';
import type { JobMessage } from './thread-messages.ts';

/** A job as the thread takes it: no object per host. */
export function packJob(id: number, job: EchoJob, prefixCells: PrefixCells | undefined): JobMessage {
	const { addresses, caller = noCell, count, attempts, timeoutMs, intervalMs } = job;
	return {
		type: 'job',
		id,
		hosts: addresses.length,
		...(addresses instanceof Uint32Array ? packIpv4(addresses) : packMixed(addresses)),
		prefixes: prefixCells?.ofMany(addresses),
		caller,
		count,
		attempts,
		timeoutMs,
		intervalMs,
	};
}

type Packed = Pick<JobMessage, 'families' | 'addresses' | 'stride'>;

function packIpv4(values: Uint32Array): Packed {
	const words = new Int32Array(values.length);
	for (let host = 0; host < values.length; host += 1) {
		const value = values[host]!;
		// Network order on a machine with the other one (linux.ts).
		words[host] = (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
	}
	return { families: new Uint8Array(values.length).fill(4), addresses: words, stride: 1 };
}

function packMixed(addresses: readonly IpAddress[]): Packed {
	const hosts = addresses.length;
	const families = new Uint8Array(hosts);
	const stride = addresses.some((address) => address.family === 6) ? 4 : 1;
	const bytes = new Uint8Array(4 * stride * hosts);
	for (let host = 0; host < hosts; host += 1) {
		const address = addresses[host]!;
		families[host] = address.family;
		writeAddress(bytes, 4 * stride * host, address);
	}
	return { families, addresses: new Int32Array(bytes.buffer), stride };
}

function writeAddress(bytes: Uint8Array, at: number, address: IpAddress): void {
	if (address.family === 6) {
		bytes.set(address.bytes, at);
		return;
	}
	const { value } = address;
	bytes[at] = value >>> 24;
	bytes[at + 1] = (value >>> 16) & 255;
	bytes[at + 2] = (value >>> 8) & 255;
	bytes[at + 3] = value & 255;
}
