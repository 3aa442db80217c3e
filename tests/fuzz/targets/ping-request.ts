/** Requests as they come over the wire, in both forms, up to the plan of what is probed. */
import { encodeRequest } from '../../../shared/columns.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import { hostAt } from '../../../shared/host-column.ts';
import {
	attemptsMax,
	bodyBytesMax,
	countMax,
	hostsInFlightMax,
	hostsPerRequestMax,
	intervalMsMax,
	requestMsMax,
	timeoutMsMax,
	timeoutMsMin,
} from '../../../shared/limits.ts';
import type { Capabilities } from '../../../shared/protocol.ts';
import { mediaTypes } from '../../../shared/protocol.ts';
import type { Random } from '../../../shared/random.ts';
import { parseTarget, probeNames } from '../../../shared/target.ts';
import type { AskedBatch } from '../../../worker/ping-request.ts';
import { readPingRequest } from '../../../worker/ping-request.ts';
import { literalAt, planBatch } from '../../../worker/plan.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { promise } from '../fuzz-target.ts';
import {
	choice,
	choiceBytes,
	hostText,
	hostWords,
	ipv4Text,
	pick,
	pieces,
	promiseSafe,
	streamOf,
	withChoices,
} from './pieces.ts';

const wide: Capabilities = {
	protocol: 1,
	instance: 'fuzz',
	version: '0',
	runtime: 'node',
	probes: [...probeNames],
	icmp: 'datagram',
	hostsPerRequestMax,
	probesPerRequestMax: null,
	hostsInFlightMax,
	bodyBytesMax,
	ratePerSecondMax: 0,
	connectionsMax: 100,
	requestForms: [mediaTypes.columns, mediaTypes.json],
	heartbeatMs: 250,
	requestIds: true,
};
const ceilings: readonly Capabilities[] = [
	wide,
	{ ...wide, hostsPerRequestMax: 4, bodyBytesMax: 200 },
	{ ...wide, runtime: 'cloudflare', probesPerRequestMax: 10 },
];
const jsonTypes = [
	mediaTypes.json,
	undefined,
	'text/plain',
	'application/json; charset=utf-8',
	'application/x-www-form-urlencoded',
	';',
];
const columnsTypes = [
	mediaTypes.columns,
	' Application/VND.pingpool.columns ;q=1',
	mediaTypes.columns,
	'application/vnd.pingpool.column',
];
const encodings = [
	undefined,
	undefined,
	undefined,
	undefined,
	'',
	' identity',
	'Identity',
	'gzip',
	'identity, gzip',
	'x'.repeat(300),
];
const lengths = [undefined, undefined, undefined, '0', '-1', '1e99', 'NaN', '8388609', '7'];
/** Every so many inputs, a Request as a runtime makes it; it is several times slower than what stands for one. */
const realEvery = 16;

/** Answers with one of these are not the worker's own trouble. */
const wireCodes = ['bad-request', 'too-large', 'unsupported-media-type'];

const modules = [
	'worker/ping-request.ts',
	'worker/body.ts',
	'worker/plan.ts',
	'worker/ipv4-hosts.ts',
	'shared/protocol.ts',
	'shared/columns.ts',
	'shared/target.ts',
	'shared/ip.ts',
	'shared/host-column.ts',
];

const words = [
	'{"hosts":["',
	'"]}',
	'","',
	'"hosts"',
	'"probe"',
	'"icmp"',
	'"tcp"',
	'"http"',
	'"count"',
	'"attempts"',
	'"timeoutMs"',
	'"intervalMs"',
	'"port"',
	'"refusedIsUp"',
	'true',
	'false',
	'{',
	'}',
	'[',
	']',
	',',
	':',
	'"__proto__":{}',
	'"constructor"',
	'\\u0000',
	'\\ud800',
	...hostWords,
];

function settings(random: Random): Record<string, unknown> {
	const odd = [0, -1, 1.5, 1e9, '1', null, true, [], {}];
	const all: Record<string, () => unknown> = {
		probe: () => pick(random, [...probeNames, 'udp']),
		count: () => pick(random, [1, 2, 10, countMax, countMax + 1]),
		attempts: () => pick(random, [1, 2, attemptsMax, attemptsMax + 1]),
		timeoutMs: () => pick(random, [1, 0.5, 1000, timeoutMsMax]),
		intervalMs: () => pick(random, [0, 1000, intervalMsMax]),
		port: () => pick(random, [1, 80, 65_535, 65_536]),
		refusedIsUp: () => pick(random, [true, false]),
		unknown: () => 1,
	};
	const chosen: Record<string, unknown> = {};
	for (const [key, value] of Object.entries(all)) {
		if (random.below(key === 'unknown' ? 40 : 3) === 0)
			chosen[key] = random.below(20) === 0 ? pick(random, odd) : value();
	}
	return chosen;
}

async function ask(input: Uint8Array, types: readonly (string | undefined)[]): Promise<void> {
	const capabilities = choice(input, 1, ceilings);
	const encoding = choice(input, 2, encodings);
	const body = input.subarray(choiceBytes);
	const headers = new Headers();
	const set = (name: string, value: string | undefined): void => {
		if (value !== undefined) headers.set(name, value);
	};
	set('content-type', choice(input, 0, types));
	set('content-encoding', encoding);
	set('content-length', choice(input, 3, lengths));
	const cut = pieces(body, input[3] ?? 0);
	const isReal = (body[0] ?? 0) % realEvery === 0;
	const request = isReal
		? new Request('http://worker/ping', { method: 'POST', headers, body: body.slice() })
		: ({ headers, body: streamOf(cut) } as unknown as Request);
	let asked: AskedBatch;
	try {
		asked = await readPingRequest(request, capabilities, { addBytes: () => {} });
	} catch (error) {
		checkRefusal(error);
		return;
	}
	promise(encoding === undefined || /^\s*(identity)?\s*$/i.test(encoding), 'a compressed body was read');
	promise(body.length <= capabilities.bodyBytesMax, 'a body over the ceiling was read');
	checkSettings(asked, capabilities);
	checkPlan(asked);
}

function checkRefusal(error: unknown): void {
	if (!(error instanceof PingpoolError)) throw error;
	promise(wireCodes.includes(error.code), () => `refuses a request as ${error.code}`);
	promise(error.message.length <= 1_000, () => `refuses a request in ${error.message.length} characters`);
	promiseSafe(error.message);
	const details = JSON.stringify(error.details ?? {});
	promise(details.length <= 1_500, () => `sends ${details.length} characters of details`);
}

function checkSettings(
	{ hosts, settings }: AskedBatch,
	{ hostsPerRequestMax: most, probesPerRequestMax }: Capabilities,
): void {
	const isWhole = (value: number, min: number, max: number): boolean =>
		Number.isInteger(value) && value >= min && value <= max;
	promise(hosts.length >= 1 && hosts.length <= most, () => `${hosts.length} hosts were taken`);
	const { probe, count, attempts, timeoutMs, intervalMs, port, refusedIsUp, ...others } = settings;
	promise(Object.keys(others).length === 0, 'an unknown setting was taken');
	promise(probeNames.includes(probe), 'an unknown probe was taken');
	promise(
		isWhole(count, 1, countMax) && isWhole(attempts, 1, attemptsMax),
		'a number of probes is out of range',
	);
	promise(timeoutMs >= timeoutMsMin && timeoutMs <= timeoutMsMax, 'a timeout is out of range');
	promise(intervalMs >= 0 && intervalMs <= intervalMsMax, 'an interval is out of range');
	promise((count - 1) * intervalMs + timeoutMs <= requestMsMax, 'a request takes too long');
	promise(port === undefined || isWhole(port, 1, 65_535), 'a port is out of range');
	promise(typeof refusedIsUp === 'boolean', 'a switch is no boolean');
	const probes = hosts.length * Math.max(count, attempts);
	promise(probesPerRequestMax === null || probes <= probesPerRequestMax, 'too many probes were taken');
}

function checkPlan(asked: AskedBatch): void {
	let plan: ReturnType<typeof planBatch>;
	try {
		plan = planBatch(asked);
	} catch (error) {
		checkRefusal(error);
		const path = (error as PingpoolError).details?.path;
		promise(/^hosts\[\d+\]$/.test(String(path)), 'a host is refused and not named');
		return;
	}
	const times = new Uint8Array(asked.hosts.length);
	const count = (index: number): void => {
		times[index]! += 1;
		for (const copy of plan.copies.get(index) ?? []) times[copy]! += 1;
	};
	plan.ipv4.index.forEach(count);
	for (const { index, target, probe, port } of plan.others) {
		count(index);
		const again = parseTarget(target.text);
		promise(again.text === target.text, () => `${target.text} becomes ${again.text}`);
		promise(
			again.name === target.name && again.port === target.port && again.path === target.path,
			() => `${target.text} is read otherwise the second time`,
		);
		promise(
			probe === 'icmp' ? port === undefined : Number.isInteger(port) && port! >= 1 && port! <= 65_535,
			'a probe has no port that fits it',
		);
		promise(
			(target.address === undefined) !== (target.name === undefined),
			'a host is not either a name or an address',
		);
		const literal = literalAt(plan, index);
		promise((literal === undefined) === (target.address === undefined), 'an address is not known as one');
	}
	promise(
		times.every((n) => n === 1),
		() => `hosts are planned ${[...times].slice(0, 20)} times`,
	);
	for (const [i, index] of plan.ipv4.index.entries()) {
		const target = parseTarget(hostAt(asked.hosts, index));
		promise(
			target.address?.family === 4 && target.address.value === plan.ipv4.ipv4[i],
			'an address became another',
		);
	}
}

export const pingJson: FuzzTarget = {
	name: 'ping-json',
	modules,
	dictionary: words,
	generate(random) {
		const hosts: unknown[] = Array.from({ length: 1 + random.below(6) }, () => hostText(random));
		if (random.below(20) === 0) hosts.push(pick(random, [1, null, [], {}, '', 'x'.repeat(3_000)]));
		const text = JSON.stringify({ hosts, ...settings(random) });
		return withChoices(random, random.below(20) === 0 ? `\ufeff${text}` : text);
	},
	run: (input) => ask(input, jsonTypes),
};

export const pingColumns: FuzzTarget = {
	name: 'ping-columns',
	modules,
	dictionary: words,
	generate(random) {
		const addresses = Uint32Array.from({ length: random.below(8) }, () =>
			pick(random, [0, 1, 0x7f00_0001, 0x0a00_0001, 0xffff_ffff, random.below(2 ** 32)]),
		);
		const body =
			random.below(10) === 0 ? { ...settings(random), hosts: [ipv4Text(random)] } : settings(random);
		return withChoices(random, encodeRequest(body, addresses));
	},
	run: (input) => ask(input, columnsTypes),
};
