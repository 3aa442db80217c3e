/** `pingpool diff`: which hosts two runs differ in. */

import { systemClock } from '../../shared/clock.ts';
import type { Change, ChangeKind } from '../../shared/dashboard-api.ts';
import { escapeUnsafe } from '../../shared/display.ts';
import type { Output } from '../output.ts';
import { openOutput } from '../output.ts';
import { changeOf, differencesOf } from '../query/compare/comparison.ts';
import type { Differences } from '../query/compare/differences.ts';
import type { QueryContext } from '../query/context.ts';
import { queryContext } from '../query/context.ts';
import { runSteps } from '../query/steps.ts';
import { runCommand } from '../run-command.ts';
import { databaseError } from '../store/database-error.ts';
import { openToRead } from '../store/open-database.ts';
import { version } from '../version.ts';
import { terminalTraits } from '../view/terminal.ts';
import type { DiffConfig } from './config.ts';
import { parseDiffConfig } from './config.ts';
import type { RunPair } from './pick-runs.ts';
import { pickRuns } from './pick-runs.ts';
import { rowForms } from './row-forms.ts';
import { kindsShown, missingText, TextForm } from './text-form.ts';

/** Characters that are written at a time. */
const writtenAtATime = 16_384;
const exitCodeDown = 3;

/**
 * Compares two runs.
 *
 * @param argv arguments behind `pingpool diff`
 * @returns the exit code
 */
export function main(argv: readonly string[]): Promise<number> {
	return runCommand(({ signal }) => diff(parseDiffConfig(argv, version), signal));
}

/** @returns the exit code. @throws the signal's reason, and PingpoolError */
async function diff(config: DiffConfig, signal: AbortSignal): Promise<number> {
	const { db: path, failOnDown } = config;
	const db = openToRead(path);
	const output = await openOutput(undefined, signal);
	try {
		const context = queryContext(db, systemClock);
		const pair = pickRuns(db, config, escapeUnsafe(path));
		context.words.refresh();
		const found = await runSteps(differencesOf(context, pair.before, pair.after), signal);
		const writing: Writing = { config, context, pair, found, output, signal };
		if (config.format === 'text') await writeText(writing);
		else await writeRows(writing, config.format);
		return failOnDown && found.counts['newly-down'] > 0 ? exitCodeDown : 0;
	} catch (error) {
		signal.throwIfAborted();
		throw databaseError(error, path);
	} finally {
		await output.discard();
		db.close();
	}
}

interface Writing {
	readonly config: DiffConfig;
	readonly context: QueryContext;
	readonly pair: RunPair;
	readonly found: Differences;
	readonly output: Output;
	readonly signal: AbortSignal;
}

async function writeText(writing: Writing): Promise<void> {
	const { config, pair, found, output } = writing;
	const form = new TextForm(terminalTraits(process.stdout.isTTY === true, process.env).hasColour);
	const kinds = kindsShown(config.kinds);
	if (!(await output.write(form.summary(pair, found, kinds)))) return;
	for (const kind of kinds) {
		const hosts = found.counts[kind];
		if (hosts === 0) continue;
		const limit = config.limit === 0 ? hosts : config.limit;
		const lines = new Lines(output, form.heading(kind));
		if (!(await writeChanges(writing, kind, limit, (change) => lines.add(form.change(change))))) return;
		if (hosts > limit) await lines.add(form.rest(hosts - limit));
		if (!(await lines.end())) return;
	}
}

async function writeRows(writing: Writing, format: 'csv' | 'jsonl'): Promise<void> {
	const { config, found, output } = writing;
	const form = rowForms[format];
	const lines = new Lines(output, form.head);
	const kinds = kindsShown(config.kinds);
	const kind = kinds.length === 1 ? kinds[0] : undefined;
	const add = (change: Change): Promise<boolean> | true =>
		kinds.includes(change.kind) ? lines.add(form.row(change)) : true;
	if (!(await writeChanges(writing, kind, Number.POSITIVE_INFINITY, add))) return;
	if (!(await lines.end())) return;
	// What nobody sees who looks at the rows alone.
	if (found.missing > 0) process.stderr.write(`${missingText(found.missing)}\n`);
}

/** @returns whether there is somebody who wants more. @throws the signal's reason */
async function writeChanges(
	{ context, pair, found, signal }: Writing,
	kind: ChangeKind | undefined,
	limit: number,
	add: (change: Change) => Promise<boolean> | true,
): Promise<boolean> {
	let written = 0;
	for (const difference of found.list(kind, -1)) {
		if (difference === undefined) {
			// Between two slices a signal is heard, however fast the reader is.
			await new Promise(setImmediate);
			signal.throwIfAborted();
			continue;
		}
		if (written === limit) return true;
		written += 1;
		if (!(await add(changeOf(context, pair.before, pair.after, difference)))) return false;
	}
	return true;
}

/** Lines on their way out, many at a time. */
class Lines {
	readonly #output: Output;
	#text: string;

	constructor(output: Output, head: string) {
		this.#output = output;
		this.#text = head;
	}

	/** @returns whether there is somebody who wants more */
	add(line: string): Promise<boolean> | true {
		this.#text += line;
		return this.#text.length < writtenAtATime ? true : this.end();
	}

	end(): Promise<boolean> {
		const text = this.#text;
		this.#text = '';
		return this.#output.write(text);
	}
}
