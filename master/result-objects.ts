/** The object forms of an answer (JSON and NDJSON), checked and turned into columns. */
import { isAddress } from '../shared/columns.ts';
import { countMax } from '../shared/limits.ts';
import { reasonCode, statusCode } from '../shared/outcome.ts';
import type { ResultBlock } from '../shared/results.ts';

/**
 * @param results parsed objects, one per host, in any order
 * @param positions where each host stands in the request; a position is taken out when it is answered
 * @param rttMsMax no round-trip time may be above
 * @returns a block, or what is wrong
 */
export function blockOfResults(
	results: readonly unknown[],
	positions: Map<string, number[]>,
	rttMsMax: number,
): ResultBlock | string {
	const { length } = results;
	const index = new Uint32Array(length);
	const status = new Uint8Array(length);
	const reason = new Uint8Array(length);
	const address = new Array<string | undefined>(length);
	const sent = new Uint16Array(length);
	const received = new Uint16Array(length);
	const rttMs = new Float64Array(length);
	const min = new Float64Array(length);
	const max = new Float64Array(length);
	const jitter = new Float64Array(length);
	let withStats = false;
	for (let row = 0; row < length; row += 1) {
		const result = results[row];
		if (typeof result !== 'object' || result === null) return 'a result is not an object';
		const fields = result as Record<string, unknown>;
		const position = typeof fields.host === 'string' ? positions.get(fields.host)?.shift() : undefined;
		if (position === undefined)
			return 'a result is for a host that was not asked, or asked once and answered twice';
		index[row] = position;
		const code = typeof fields.status === 'string' ? statusCode(fields.status) : undefined;
		if (code === undefined) return 'a status is unknown';
		status[row] = code;
		const said = fields.reason ?? '';
		const why = typeof said === 'string' ? reasonCode(said) : undefined;
		if (why === undefined) return 'a reason is unknown';
		reason[row] = why;
		if (fields.address === undefined || fields.address === fields.host) address[row] = undefined;
		else if (isAddress(fields.address)) address[row] = fields.address;
		else return 'an address is no IP address';
		const numbers = [fields.sent ?? 0, fields.received ?? 0];
		for (const number of numbers) {
			if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > countMax) {
				return `a number of probes is not within 0 to ${countMax}`;
			}
		}
		sent[row] = numbers[0] as number;
		received[row] = numbers[1] as number;
		withStats ||= fields.lossPercent !== undefined || fields.rttMinMs !== undefined;
		const times = [fields.rttMs ?? fields.rttAvgMs, fields.rttMinMs, fields.rttMaxMs, fields.jitterMs];
		for (const [column, time] of [rttMs, min, max, jitter].map((c, i) => [c, times[i]] as const)) {
			if (time === undefined || time === null) column[row] = Number.NaN;
			else if (typeof time === 'number' && time >= 0 && time <= rttMsMax) column[row] = time;
			else return `a round-trip time is not within 0 to ${rttMsMax} ms`;
		}
	}
	const rtt = withStats ? { min, max, jitter } : undefined;
	return { length, index, status, reason, address, sent, received, rttMs, rtt };
}
