/** What a worker says besides results: errors with their bodies and Retry-After, and its capabilities. */

import { failureOfStatus } from '../../../master/worker-failures.ts';
import { capabilitiesSchema, errorBodySchema } from '../../../shared/protocol.ts';
import type { Random } from '../../../shared/random.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { promise } from '../fuzz-target.ts';
import { choice, choiceBytes, pick, pieces, promiseSafe, streamOf, withChoices } from './pieces.ts';

const statuses = [200, 301, 400, 401, 403, 404, 405, 413, 415, 429, 500, 502, 503, 504];
const errorBody = { error: { code: 'busy', message: 'come back later', details: { path: 'hosts' } } };
const capabilities = {
	protocol: 1,
	instance: 'x',
	version: '1',
	runtime: 'node',
	probes: ['icmp'],
	icmp: 'raw',
	hostsPerRequestMax: 1,
	probesPerRequestMax: null,
	hostsInFlightMax: 1,
	bodyBytesMax: 1,
	ratePerSecondMax: 0,
};

function body(random: Random): string {
	const retryAfter = pick(random, [
		'',
		'1',
		'-1',
		'99999999999',
		'0.5',
		'Sun, 06 Nov 1994 08:49:37 GMT',
		'x GMT',
	]);
	return `${retryAfter}\n${JSON.stringify(pick(random, [errorBody, capabilities]))}`;
}

export const answerHeads: FuzzTarget = {
	name: 'answer-heads',
	modules: ['master/worker-failures.ts', 'master/bounded-body.ts', 'shared/protocol.ts', 'shared/display.ts'],
	dictionary: [
		'{"error":',
		'"code":',
		'"message":',
		'"details":',
		'\n',
		' GMT',
		'"protocol":1',
		'"icmp":null',
		'"probes":[',
		'"__proto__":',
		'\u001b[31m',
	],
	generate: (random) => withChoices(random, body(random)),
	async run(input) {
		const bytes = input.subarray(choiceBytes);
		const end = bytes.indexOf(10);
		const retryAfter = new TextDecoder().decode(bytes.subarray(0, Math.max(0, end)));
		const rest = bytes.subarray(end + 1);
		const headers = {
			'retry-after': retryAfter,
			date: choice(input, 1, ['Sun, 06 Nov 1994 08:49:00 GMT', 'x']),
		};
		const status = choice(input, 0, statuses);
		const failure = await failureOfStatus(
			status,
			headers,
			streamOf(pieces(rest, input[2] ?? 0)),
			'wants a token',
		);
		promise(failure.message.length <= 3_000, () => `fails in ${failure.message.length} characters`);
		promiseSafe(failure.message);
		const { retryAfterMs = 0 } = failure;
		promise(retryAfterMs >= 0 && retryAfterMs <= 30_000, () => `waits for ${retryAfterMs} ms`);
		let value: unknown;
		try {
			value = JSON.parse(new TextDecoder().decode(rest));
		} catch {
			return;
		}
		for (const schema of [capabilitiesSchema, errorBodySchema]) {
			const parsed = schema.safeParse(value);
			if (!parsed.success) promise(parsed.error.issues.length > 0, 'says no reason');
		}
	},
};
