/**
 * How many addresses of a list workers deny unless told otherwise, by reason: advice, given before anything is
 * sent. What may be probed is for each worker to say.
 *
 * Ranges are counted as ranges: the blocks of the policy cut a range into pieces that are denied as a whole or not.
 */
import type { IpAddress } from '../../shared/ip.ts';
import { cidrContains, parseCidr, readUint32 } from '../../shared/ip.ts';
import type { Reason } from '../../shared/outcome.ts';
import { createTargetPolicy } from '../../shared/policy.ts';
import { specialPurposeIpv4, specialPurposeIpv6 } from '../../shared/special-purpose.ts';
import type { AddressRange, ProbeName } from '../../shared/target.ts';
import { addToIpv6 } from '../../shared/target.ts';

const policy = createTargetPolicy();
const nat64 = parseCidr('64:ff9b::/96')!;

/** Where the policy may change its mind: the first address of every block, and the first behind it. */
const boundaries4 = sorted(specialPurposeIpv4.flatMap(({ block }) => boundsOf(block))).map(Number);
const boundaries6 = sorted(specialPurposeIpv6.flatMap(({ block }) => boundsOf(block)));

export class Denials {
	readonly counts = new Map<Reason, number>();
	readonly #probe: ProbeName;
	/** by first octet, whether any address is denied to the probe: there may be ten million to look at */
	readonly #octets: Uint8Array;

	/** @param probe of hosts that do not say one */
	constructor(probe: ProbeName) {
		this.#probe = probe;
		this.#octets = Uint8Array.from({ length: 256 }, (_, octet) => {
			const first = octet * 2 ** 24;
			const tried = [first, ...boundaries4.filter((value) => value > first && value < first + 2 ** 24)];
			return tried.some((value) => policy.checkIpv4(value, probe) !== undefined) ? 1 : 0;
		});
	}

	addIpv4(value: number): void {
		if (this.#octets[value >>> 24] === 1) add(this.counts, policy.checkIpv4(value, this.#probe), 1);
	}

	add(address: IpAddress, probe: ProbeName): void {
		add(this.counts, policy.check(address, probe), 1);
	}

	/** Whether any of its addresses is denied. */
	touches(range: AddressRange): boolean {
		const counts = new Map<Reason, number>();
		this.#addRange(range, 0, range.count, counts);
		return counts.size > 0;
	}

	/** @param offset of the first address that counts; `count` from there on do */
	addRange(range: AddressRange, offset: number, count: number): void {
		this.#addRange(range, offset, count, this.counts);
	}

	#addRange(range: AddressRange, offset: number, count: number, counts: Map<Reason, number>): void {
		if (range.family === 4) {
			this.#addIpv4Range(range.first + offset, count, counts);
			return;
		}
		const first = addToIpv6(range.first, offset);
		const last = readUint32(first, 12);
		const isNat64 = cidrContains(nat64, { family: 6, bytes: first }) && last + count <= 2 ** 32;
		if (isNat64) this.#addIpv4Range(last, count, counts);
		else this.#addIpv6Range(first, count, counts);
	}

	#addIpv4Range(first: number, count: number, counts: Map<Reason, number>): void {
		const end = first + count;
		let at = first;
		for (const boundary of [...boundaries4.filter((value) => value > first && value < end), end]) {
			add(counts, policy.checkIpv4(at, this.#probe), boundary - at);
			at = boundary;
		}
	}

	#addIpv6Range(first: Uint8Array, count: number, counts: Map<Reason, number>): void {
		const start = toBigInt(first);
		const end = start + BigInt(count);
		let at = start;
		for (const boundary of [...boundaries6.filter((value) => value > start && value < end), end]) {
			const bytes = addToIpv6(first, Number(at - start));
			add(counts, policy.check({ family: 6, bytes }, this.#probe), Number(boundary - at));
			at = boundary;
		}
	}
}

function add(counts: Map<Reason, number>, reason: Reason | undefined, count: number): void {
	if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + count);
}

function boundsOf(block: string): bigint[] {
	const { address, prefix } = parseCidr(block)!;
	const first = address.family === 4 ? BigInt(address.value) : toBigInt(address.bytes);
	return [first, first + 2n ** BigInt((address.family === 4 ? 32 : 128) - prefix)];
}

function sorted(values: readonly bigint[]): bigint[] {
	return [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
}

function toBigInt(bytes: Uint8Array): bigint {
	return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
