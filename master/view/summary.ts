/** What is printed when a run has ended. */
import { escapeUnsafe } from '../../shared/display.ts';
import { formatCount, formatPercent, formatPlural } from '../../shared/format.ts';
import { othersOf, statuses } from '../../shared/outcome.ts';
import { sumOf } from '../accounting.ts';
import type { RunOutcome } from '../run.ts';

/** The object that --json prints. */
export interface JsonSummary {
	run: number;
	state: string;
	hosts: number;
	up: number;
	down: number;
	unresolved: number;
	denied: number;
	error: number;
	/** of the hosts, those that were done before the run was continued; 0 for a new run */
	continued: number;
	seconds: number;
	/** of what was done since */
	hostsPerSecond: number;
	db: string;
}

/** How to mend what keeps hosts from being probed, by reason. */
const hints: Readonly<Record<string, string>> = {
	'no-permission':
		'a worker may not send: on it, run: sudo sysctl -w net.ipv4.ping_group_range="0 2147483647"',
	'no-route': 'a worker has no route to these hosts: is its network up, has it IPv6?',
	'no-worker':
		'no worker offers their probe; for icmp, run on a worker: sudo sysctl -w net.ipv4.ping_group_range="0 2147483647"',
	'no-probe': 'a worker does not offer their probe',
	'no-ports': 'a worker ran out of local ports: lower --rate or --concurrency',
	'no-descriptors':
		'a worker ran out of file descriptors: raise its limit (ulimit -n) or lower --concurrency',
	'no-buffers': 'a worker could not send that fast: lower --rate',
	'blocked-locally': "a worker's own firewall forbids these probes",
	'worker-failed': 'three requests with these hosts in them failed: see the messages above',
	loopback: 'tcp and http probes of loopback are denied unless a worker has --allow 127.0.0.0/8',
	'link-local': 'tcp and http probes of link-local addresses are denied unless a worker has --allow for them',
	'own-address': "tcp and http probes of a worker's own addresses are denied unless it has --allow for them",
	port: 'a worker sends nothing to ports that its --ports leaves out; without it, to any but 25',
};

export function jsonSummary(outcome: RunOutcome, db: string): JsonSummary {
	const { runId, state, total, doneBefore, counts, seconds } = outcome;
	return {
		run: runId,
		state,
		hosts: total,
		up: counts.up,
		down: counts.down,
		unresolved: counts.unresolved,
		denied: counts.denied,
		error: counts.error,
		continued: doneBefore,
		seconds: Math.round(seconds * 1000) / 1000,
		hostsPerSecond: Math.round(ratePerSecond(outcome)),
		db,
	};
}

/** The summary as lines of text. */
export function summaryLines(outcome: RunOutcome, db: string): string[] {
	const { runId, state, total, doneBefore, counts, byReason, uncounted, workers, seconds } = outcome;
	const done = sumOf(counts);
	const of =
		done === total ? formatPlural(total, 'host') : `${formatCount(done)} of ${formatPlural(total, 'host')}`;
	const rate = `${seconds.toFixed(2)} s (${formatCount(ratePerSecond(outcome))}/s)`;
	const lines =
		doneBefore === 0
			? [`run ${runId} ${state}: ${of} in ${rate}`]
			: [
					`run ${runId} ${state}: ${of}`,
					`continued at ${formatCount(doneBefore)}: ${formatPlural(done - doneBefore, 'host')} in ${rate}`,
				];
	lines.push(
		'',
		...table(
			statuses
				.filter((status) => counts[status] > 0 || status === 'up' || status === 'down')
				.map((status) => [`  ${status}`, formatCount(counts[status]), formatPercent(counts[status], done)]),
		),
	);
	if (byReason.size > 0) {
		const reasons = [...byReason]
			.sort((a, b) => b[1] - a[1])
			.map(([reason, n]) => [`  ${reason}`, formatCount(n)]);
		lines.push('', `why not up${uncounted === 0 ? '' : ', since it was continued'}`, ...table(reasons));
	}
	const rows = workers.map(({ name, byStatus, failures }) => [
		`  ${escapeUnsafe(name)}`,
		formatCount(byStatus.up),
		formatCount(byStatus.down),
		formatCount(othersOf(byStatus)),
		formatCount(failures),
	]);
	lines.push('', ...table([['worker', 'up', 'down', 'other', 'failures'], ...rows]));
	const aside = workers.filter(({ setAside }) => setAside !== undefined);
	if (aside.length > 0) lines.push('', 'set aside');
	for (const { name, setAside } of aside) lines.push(`  ${name} ${setAside}`);
	const advice = [...byReason.keys()].flatMap((reason) =>
		hints[reason] ? [`${reason}: ${hints[reason]}`] : [],
	);
	if (advice.length > 0) lines.push('', ...advice);
	lines.push('', `database: ${db}`);
	return lines;
}

/** `412,000 of 1,000,000 hosts are in hosts.db` */
export function doneText({ total, counts }: RunOutcome, db: string): string {
	return `${formatCount(sumOf(counts))} of ${formatPlural(total, 'host')} are in ${escapeUnsafe(db)}`;
}

/** Hosts per second of what this process did. */
function ratePerSecond({ counts, doneBefore, seconds }: RunOutcome): number {
	return seconds > 0 ? (sumOf(counts) - doneBefore) / seconds : 0;
}

/** Columns: the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
	const widths: number[] = [];
	for (const row of rows) {
		for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
	}
	return rows.map((row) =>
		row
			.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
			.join('  ')
			.trimEnd(),
	);
}
