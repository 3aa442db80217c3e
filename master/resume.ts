/**
 * Whether a command begins a new run or goes on with the newest one. A run that has not finished (its master
 * died, it failed, it was interrupted) is continued by the command that began it: the same list and the same
 * settings of the probes. How it is worked off (rate, workers, chunks, durability) may change. Anything else is
 * refused: neither answers of two kinds in one run, nor a run that is left unfinished without anybody noticing.
 */
import type { Clock } from '../shared/clock.ts';
import { escapeUnsafe } from '../shared/display.ts';
import { PingpoolError } from '../shared/errors.ts';
import { formatCount, formatPlural } from '../shared/format.ts';
import { sumOf } from './accounting.ts';
import type { MasterConfig } from './config.ts';
import type { LedgerPages } from './dispatch/rules/ledger.ts';
import type { OnRunEvent } from './events.ts';
import type { KeptCounts, NewRun, RunOptions, RunRecord, Store } from './store/store.ts';
import type { TargetList } from './targets/target-list.ts';

/** What a command asks for, as far as a run remembers it. */
export type WantedRun = Omit<NewRun, 'startedAtMs'>;

export type RunDecision =
	| { readonly kind: 'new' }
	| { readonly kind: 'continue'; readonly run: RunRecord }
	| { readonly kind: 'refuse'; readonly error: PingpoolError };

/** The options of a command line that its answers depend on, by their names among a run's options. */
const spellings: Readonly<Record<string, string>> = {
	probe: '--probe',
	port: '--port',
	count: '--count',
	attempts: '--attempts',
	timeoutMs: '--timeout',
	intervalMs: '--interval',
	refusedIsUp: '--refused-is-up',
};

/** What a command asks of a list. */
export function wantedRun(
	{ probe, settings }: Pick<MasterConfig, 'probe' | 'settings'>,
	{ total, fingerprint }: Pick<TargetList, 'total' | 'fingerprint'>,
): WantedRun {
	return { total, fingerprint, options: { probe, ...settings, port: settings.port ?? null } };
}

/**
 * @param last the newest run of the database
 * @param fresh begin anew, whatever there is
 */
export function decideRun(
	last: RunRecord | undefined,
	wanted: WantedRun,
	{ fresh }: { readonly fresh: boolean },
): RunDecision {
	if (fresh || last === undefined || last.state === 'finished') return { kind: 'new' };
	const options = changedOptions(last.options, wanted.options);
	// The fingerprint of a list has the probe in it: with another one it says nothing of the list.
	const isSameProbe = last.options.probe === wanted.options.probe;
	const isSameList = last.total === wanted.total && (!isSameProbe || last.fingerprint === wanted.fingerprint);
	if (options.length === 0 && isSameList) return { kind: 'continue', run: last };
	return { kind: 'refuse', error: refusal(last, wanted, options, isSameList) };
}

export interface OpenedRun {
	readonly runId: number;
	/** positions that have an answer already */
	readonly done: LedgerPages;
	/** how many that are */
	readonly doneBefore: number;
	/** what those answers come to; `undefined` when only reading them would tell */
	readonly countsBefore: KeptCounts | undefined;
	readonly continued: boolean;
}

export interface OpenRunDeps {
	readonly store: Store;
	readonly wanted: WantedRun;
	readonly fresh: boolean;
	readonly clock: Pick<Clock, 'wallMs'>;
	readonly onEvent: OnRunEvent;
}

/**
 * Begins a run, or goes on with the newest.
 *
 * @throws PingpoolError `usage` when there is one to go on with, but not by this command; nothing is changed then
 */
export async function openRun({ store, wanted, fresh, clock, onEvent }: OpenRunDeps): Promise<OpenedRun> {
	const decision = decideRun(await store.lastRun(), wanted, { fresh });
	if (decision.kind === 'refuse') throw decision.error;
	if (decision.kind === 'new') {
		const runId = await store.startRun({ ...wanted, startedAtMs: clock.wallMs() });
		onEvent({ type: 'run-started', runId, total: wanted.total });
		return {
			runId,
			done: { full: [], partial: [] },
			doneBefore: 0,
			countsBefore: undefined,
			continued: false,
		};
	}
	const { id: runId, done: doneBefore, total } = decision.run;
	const done = await store.continueRun(runId);
	onEvent({ type: 'run-continued', runId, done: doneBefore, total });
	const counts = await store.countsOf(runId);
	// Of a database that others wrote to, what is kept may be of other rows.
	const countsBefore = counts !== undefined && sumOf(counts.byStatus) === doneBefore ? counts : undefined;
	return { runId, done, doneBefore, countsBefore, continued: true };
}

interface ChangedOption {
	readonly before: string;
	readonly after: string;
}

function changedOptions(before: RunOptions, after: RunOptions): ChangedOption[] {
	const changed: ChangedOption[] = [];
	for (const [name, flag] of Object.entries(spellings)) {
		const [was, is] = [before[name] ?? null, after[name] ?? null];
		if (was !== is) changed.push({ before: asTyped(flag, was), after: asTyped(flag, is) });
	}
	return changed;
}

function asTyped(flag: string, value: RunOptions[string]): string {
	if (value === null || value === false) return `no ${flag}`;
	if (value === true) return flag;
	// Whoever wrote the database may have written anything there.
	return `${flag} ${typeof value === 'object' ? 'of another kind' : escapeUnsafe(String(value).slice(0, 60))}`;
}

function refusal(
	{ id, total, done }: RunRecord,
	wanted: WantedRun,
	options: readonly ChangedOption[],
	isSameList: boolean,
): PingpoolError {
	const changes: string[] = [];
	if (options.length > 0) {
		const before = options.map((option) => option.before).join(' and ');
		const after = options.map((option) => option.after).join(' and ');
		changes.push(`run ${id} was begun with ${before}, this command has ${after}`);
	} else changes.push(`run ${id} is not finished`);
	if (!isSameList) {
		changes.push(
			total === wanted.total
				? `the list has changed since, although it has ${formatPlural(total, 'host')} as then`
				: `the list has changed since: ${formatPlural(total, 'host')} then, ${formatCount(wanted.total)} now`,
		);
	}
	return new PingpoolError(
		'usage',
		`${changes.join(', and ')}; ${formatCount(done)} of ${formatPlural(total, 'host')} are done`,
		{
			hint:
				`Give the list and the options as they were, and run ${id} goes on; --fresh begins a new run and leaves ` +
				`run ${id} as it is; --db FILE takes another database.`,
		},
	);
}
