/** A run as its view shows it, whether its numbers come from the live stream or from the database. */
import type {
	LiveRun,
	RttHistogram,
	RttPercentiles,
	RunDetail,
	Series,
} from '../../../shared/dashboard-api.ts';
import { formatCount } from '../../../shared/format.ts';
import type { ByStatus } from '../../../shared/outcome.ts';
import { hasEnded } from '../../state/live-state.ts';

export interface RunPicture {
	/** `null` before it has a number */
	readonly runId: number | null;
	readonly state: string;
	readonly startedAtMs: number;
	readonly elapsedMs: number;
	readonly total: number;
	readonly done: number;
	/** hosts that an earlier process answered, which `byStatus`, `byReason` and `rtt` leave out */
	readonly uncounted: number;
	readonly byStatus: ByStatus;
	readonly byReason: Readonly<Record<string, number>>;
	readonly series: Series;
	readonly rtt: RttPercentiles | null;
	readonly rttHistogram: RttHistogram;
	/** hosts per second: of now while it goes on, of the whole run afterwards; `null` when nothing says */
	readonly ratePerSecond: number | null;
	readonly etaMs: number | null;
	/** `null` when the numbers come from the database, which does not know them */
	readonly traffic: RunTraffic | null;
	/** what the run was asked to do: name and value */
	readonly settings: readonly (readonly [name: string, value: string])[];
}

export interface RunTraffic {
	readonly inFlight: number;
	readonly pending: number;
	readonly requests: number;
	readonly retries: number;
	readonly hedges: number;
	readonly failures: number;
}

export function pictureOfLive(run: LiveRun, series: Series, rttHistogram: RttHistogram): RunPicture {
	const isOver = hasEnded(run.state);
	return {
		...run,
		series,
		rttHistogram,
		ratePerSecond: isOver ? meanRate(run.done - run.doneBefore, run.elapsedMs) : run.ratePerSecond,
		etaMs: isOver ? null : run.etaMs,
		traffic: run,
		settings: [
			['Hosts', run.hosts],
			['Database', run.db],
			settingOf('probe', run.probe),
			settingOf('timeoutMs', run.timeoutMs),
			settingOf('count', run.count),
		],
	};
}

/** Of how long a run that is read from the database its rate of now is the mean, in ms. */
const rateOverMs = 10_000;

/** @param nowMs wall clock, for a run that goes on */
export function pictureOfDetail(detail: RunDetail, nowMs: number): RunPicture {
	const { run, done, series } = detail;
	const isOver = hasEnded(run.state);
	const elapsedMs = Math.max((run.finishedAtMs ?? (isOver ? run.startedAtMs : nowMs)) - run.startedAtMs, 0);
	const rate = isOver ? meanRate(done, elapsedMs) : rateAtEnd(series, elapsedMs);
	const left = run.total - done;
	return {
		runId: run.id,
		state: run.state,
		startedAtMs: run.startedAtMs,
		elapsedMs,
		total: run.total,
		done,
		uncounted: 0,
		byStatus: detail.byStatus,
		byReason: detail.byReason,
		series,
		rtt: detail.rtt,
		rttHistogram: detail.rttHistogram,
		ratePerSecond: rate,
		etaMs: isOver || rate === null || rate <= 0 ? null : (left / rate) * 1_000,
		traffic: null,
		settings: Object.entries(run.options)
			.filter(([, value]) => value !== null)
			.map(([name, value]) => settingOf(name, value)),
	};
}

/** Names of a run's options in the database; others, of other versions, are shown as they are. */
const settingNames: Readonly<Record<string, string>> = {
	hosts: 'Hosts',
	probe: 'Probe',
	port: 'Port',
	count: 'Probes per host',
	attempts: 'Attempts',
	timeoutMs: 'Timeout',
	intervalMs: 'Interval',
	refusedIsUp: 'Refused counts as up',
};

function settingOf(name: string, value: string | number | boolean | null): readonly [string, string] {
	const title = Object.hasOwn(settingNames, name) ? settingNames[name]! : name;
	if (typeof value === 'boolean') return [title, value ? 'yes' : 'no'];
	if (typeof value === 'number' && name.endsWith('Ms')) return [title, `${formatCount(value)} ms`];
	return [title, String(value)];
}

function meanRate(done: number, elapsedMs: number): number | null {
	return elapsedMs > 0 ? (done / elapsedMs) * 1_000 : null;
}

function rateAtEnd({ sliceMs, points }: Series, elapsedMs: number): number | null {
	const spanMs = Math.min(rateOverMs, elapsedMs);
	if (spanMs < sliceMs) return null;
	let rows = 0;
	for (let i = points.length - 1; i >= 0; i -= 1) {
		const point = points[i]!;
		if (point.atMs < elapsedMs - spanMs) break;
		rows += point.up + point.down + point.other;
	}
	return (rows / spanMs) * 1_000;
}
