/** What our parser and policy make of a text, and whether the judges agree. */
import type { IpAddress } from '../../../shared/ip.ts';
import type { TargetPolicy } from '../../../shared/policy.ts';
import type { ProbeName, Target } from '../../../shared/target.ts';
import { InvalidTargetError, parseListEntry, parseTarget } from '../../../shared/target.ts';
import { denialOf } from './denied.ts';
import type { GeneratedCase } from './generate.ts';
import type { Verdict } from './python-judge.ts';

const probes: readonly ProbeName[] = ['icmp', 'tcp', 'http'];

/** The longest that one text may take, in ms. */
const caseMsMax = 50;

export interface Examined {
	readonly case: GeneratedCase;
	/** `undefined` when the text was refused */
	readonly target: Target | undefined;
	/** what is wrong whatever the judges say */
	readonly problem: string | undefined;
}

/** Parses a text and asks the policy, against the clock. */
export function examine(generated: GeneratedCase, policy: TargetPolicy): Examined {
	const { text } = generated;
	const startedMs = performance.now();
	const target = parsed(parseTarget, text);
	// Of all else the reader of lists makes what the reader of targets does.
	if (/[/-]/.test(text)) parsed(parseListEntry, text);
	if (target instanceof Error) return { case: generated, target: undefined, problem: String(target.stack) };
	if (target?.address !== undefined) for (const probe of probes) policy.check(target.address, probe);
	if (performance.now() - startedMs > caseMsMax && fastestMs(text) > caseMsMax) {
		return { case: generated, target, problem: `takes over ${caseMsMax} ms` };
	}
	const again = target === undefined ? undefined : parsed(parseTarget, target.text);
	const isStable =
		target === undefined || (again !== undefined && !(again instanceof Error) && again.text === target.text);
	return {
		case: generated,
		target,
		problem: isStable ? undefined : 'its canonical text is read differently',
	};
}

/** @returns `undefined` for a refusal, the error for any other exception */
function parsed<Value>(parse: (text: string) => Value, text: string): Value | Error | undefined {
	try {
		return parse(text);
	} catch (error) {
		if (error instanceof InvalidTargetError) return undefined;
		return error instanceof Error ? error : new Error(String(error));
	}
}

/** The best of a few: a machine that is busy is no fault of the text. */
function fastestMs(text: string): number {
	let fastest = Number.POSITIVE_INFINITY;
	for (let n = 0; n < 5; n += 1) {
		const startedMs = performance.now();
		parsed(parseTarget, text);
		parsed(parseListEntry, text);
		fastest = Math.min(fastest, performance.now() - startedMs);
	}
	return fastest;
}

/** An address in hex: 8 digits, or 32. */
export function hexOf(address: IpAddress): string {
	return address.family === 4
		? address.value.toString(16).padStart(8, '0')
		: Buffer.from(address.bytes).toString('hex');
}

/** The same address in 8 digits where it is an IPv4 address in IPv6 clothes. */
function unmapped(hex: string): string {
	return hex.startsWith('00000000000000000000ffff') ? hex.slice(24) : hex;
}

const multicast = 1;
const reserved = 2;
const unspecified = 4;
const loopbackOrLinkLocal = 8 | 16;

/** @returns what a judge has against it, or `undefined` */
export function objection(
	{ case: { isFramed }, target }: Examined,
	verdict: Verdict,
	policy: TargetPolicy,
): string | undefined {
	const { address: literal, flags, hostResolved, nameResolved } = verdict;
	if (target === undefined) {
		const wanted = literal !== undefined && literal !== 'zone' && isFramed !== 'ill';
		return wanted ? `is an address to Python (${literal}), and refused` : undefined;
	}
	if (target.address === undefined) {
		if (nameResolved !== undefined)
			return `is the name ${target.name}, which resolves to ${nameResolved} by itself`;
		if (hostResolved !== undefined && isFramed !== 'ill')
			return `is taken for a name, and resolves to ${hostResolved} by itself`;
		return undefined;
	}
	const hex = hexOf(target.address);
	if (isFramed !== 'ill') {
		if (literal === undefined || unmapped(literal) !== hex) return `is ${hex} to us and ${literal} to Python`;
		if (hostResolved !== undefined && unmapped(hostResolved) !== hex)
			return `is ${hex} to us and ${hostResolved} to getaddrinfo`;
	}
	return policyObjection(target.address, hex, isFramed === 'ill' ? 0 : flags, policy);
}

/** @param hostAddress what a lookup makes of the host as it stands, in hex
 * @param nameAddress what it makes of the name that was read, without asking anybody
 * @returns what a lookup has against it, or `undefined` */
export function lookupObjection(
	{ case: { isFramed }, target }: Examined,
	hostAddress: string | undefined,
	nameAddress: string | undefined,
): string | undefined {
	if (target === undefined) return undefined;
	if (nameAddress !== undefined) return `is the name ${target.name}, and looked up ${nameAddress}`;
	if (hostAddress === undefined || isFramed === 'ill') return undefined;
	if (target.address === undefined) return `is taken for a name, and looked up ${hostAddress}`;
	const hex = hexOf(target.address);
	return hex === unmapped(hostAddress) ? undefined : `is ${hex} to us, and looked up ${hostAddress}`;
}

/** What BlockList and Python have against what the policy says of an address. */
function policyObjection(
	address: IpAddress,
	hex: string,
	flags: number,
	policy: TargetPolicy,
): string | undefined {
	const denial = denialOf(hex);
	for (const probe of probes) {
		const reason = policy.check(address, probe);
		const denied = denial === 'all' || (denial === 'connections' && probe !== 'icmp');
		if (denied && reason === undefined) return `${hex} may be probed by ${probe}`;
		if (!denied && reason !== undefined) return `${hex} is denied to ${probe} as ${reason}, without cause`;
		if (address.family === 4 && policy.checkIpv4(address.value, probe) !== reason)
			return `checkIpv4 differs for ${hex}`;
		if (reason !== undefined) continue;
		if ((flags & (multicast | unspecified)) !== 0)
			return `${hex} may be probed by ${probe}, and Python has flags ${flags}`;
		if (probe !== 'icmp' && (flags & loopbackOrLinkLocal) !== 0)
			return `${hex} may be probed by ${probe}, and Python has flags ${flags}`;
		// To Python ::/8 is reserved as a whole: prefixes of NAT64 and ::1 have meanings there.
		if ((flags & reserved) !== 0 && !/^(0064ff9b|0{31}1$|0{20}ffff)/.test(hex))
			return `${hex} may be probed by ${probe}, and Python calls it reserved`;
	}
	return undefined;
}
