/** `npm run bench`: parts one after another, each in a lab of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, PingpoolError } from '../shared/errors.ts';
import { createLab, labUnavailable } from '../tests/lab/lab.ts';
import type { Arguments } from './arguments.ts';
import { parseArguments, usageText } from './arguments.ts';
import type { Part } from './bench.ts';
import { currentCommit, describeMachine, machineText } from './machine.ts';
import { parts } from './parts/list.ts';
import { dask } from './peers/dask.ts';
import { fping } from './peers/fping.ts';
import { masscan } from './peers/masscan.ts';
import { missingNotes } from './peers/peer.ts';
import { zmap } from './peers/zmap.ts';
import type { PartReport } from './report.ts';
import { reportText } from './report.ts';
import { checkWritable, usualPath, writeJson, writeLatest } from './results.ts';

const peers = [fping, zmap, masscan, dask];
const order = parts.map(({ name }) => name);

function say(line: string): void {
	process.stderr.write(`${line}\n`);
}

/** The first signal ends what runs and takes the lab down, the second one does not wait for that. */
function onSignals(): { readonly signal: AbortSignal; readonly exitCode: () => number } {
	const controller = new AbortController();
	const codes = { SIGINT: 130, SIGTERM: 143 } as const;
	let exitCode = 0;
	for (const [name, code] of Object.entries(codes)) {
		process.on(name, () => {
			if (controller.signal.aborted) process.exit(code);
			exitCode = code;
			controller.abort(new PingpoolError('internal', `stopped by ${name}`));
		});
	}
	return { signal: controller.signal, exitCode: () => exitCode };
}

async function measurePart(part: Part, args: Arguments, signal: AbortSignal): Promise<PartReport> {
	const { name, title } = part;
	const rounds = Math.max(args.rounds, part.roundsMin ?? 1);
	const hosts = part.hosts && (args.hosts ?? (args.quick ? part.hosts.quick : part.hosts.full));
	const measuredAt = new Date().toISOString();
	const folder = mkdtempSync(join(tmpdir(), 'pingpool-bench-'));
	try {
		const lab = await createLab();
		try {
			const link = /\d+: (pn[\w-]+)/.exec(lab.exec('ip', '-o', 'link'))![1]!;
			const findings = await part.run({ lab, link, folder, rounds, hosts: hosts ?? 0, signal, say });
			const machine = describeMachine(peers);
			return { name, title, hosts, rounds, commit: currentCommit(), measuredAt, machine, ...findings };
		} finally {
			lab.close();
		}
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** @returns the exit code */
async function main(argv: readonly string[]): Promise<number> {
	const args = parseArguments(argv, parts);
	if (args.help) {
		process.stdout.write(usageText(parts));
		return 0;
	}
	if (args.json !== undefined) checkWritable(args.json);
	const unavailable = labUnavailable();
	if (unavailable !== undefined) {
		throw new PingpoolError('internal', `no lab can be built here: ${unavailable}`, {
			hint: 'run it as root on Linux, with ip and iptables (Debian: apt-get install iproute2 iptables)',
		});
	}
	say(machineText(describeMachine(peers)));
	for (const note of missingNotes(peers)) say(note);
	const { signal, exitCode } = onSignals();
	const reports: PartReport[] = [];
	const path = args.json ?? usualPath(new Date().toISOString(), currentCommit());
	let failures = 0;
	for (const part of args.parts) {
		say(`\n${part.name}: ${part.title}`);
		try {
			const report = await measurePart(part, args, signal);
			reports.push(report);
			process.stdout.write(`\n${reportText(report)}`);
			// After every part, so that an interruption loses no more than the one that runs.
			writeJson(path, reports);
			if (args.writeReadme) writeLatest([report], order);
		} catch (error) {
			if (signal.aborted) return exitCode();
			failures += 1;
			say(
				`${part.name} failed: ${error instanceof PingpoolError ? error.message : String((error as Error).stack)}`,
			);
		}
	}
	if (reports.length > 0) say(`\nfigures: ${path}`);
	return failures === 0 ? 0 : 1;
}

try {
	process.exitCode = await main(process.argv.slice(2));
} catch (error) {
	if (!(error instanceof PingpoolError)) throw error;
	say(`bench: ${messageOf(error)}${error.hint === undefined ? '' : `\n  ${error.hint}`}`);
	process.exitCode = error.code === 'usage' ? 2 : 1;
}
