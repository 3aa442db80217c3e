/**
 * The live stream of a run as signals. What a message says is shown as it arrives: whatever has to wait for a frame to be
 * painted (parts/painted.ts) is then in the same one, and what a browser does for a frame costs more than what is in it.
 * While nobody sees the page the stream is closed; then it begins anew with all that is held, so nothing is missed.
 */
import { batch, effect, signal } from '@preact/signals';
import type {
	LiveEvent,
	LiveHello,
	LiveRun,
	LiveUpdate,
	LiveWorker,
	RttHistogram,
	Series,
} from '../../shared/dashboard-api.ts';
import { liveSilenceMsMax, reopenMsMax, reopenMsMin } from '../../shared/limits.ts';
import type { HeldChunks, LiveData } from './live-data.ts';
import { fromHello, withUpdate } from './live-data.ts';
import { hasEnded } from './live-state.ts';
import { isPageVisible } from './visible.ts';

/**
 * - `off`: there is no live stream
 * - `connecting`: nothing has been heard yet
 * - `failed`: nothing could be heard; it is tried again
 * - `reconnecting`: it broke; the last numbers stay
 * - `ended`: the run has ended; the last numbers stay
 */
export type Connection = 'off' | 'connecting' | 'failed' | 'live' | 'reconnecting' | 'ended';

export const connection = signal<Connection>('off');
/** `null` until the first message, and in `serve` */
export const liveRun = signal<LiveRun | null>(null);
export const liveWorkers = signal<readonly LiveWorker[]>([]);
/** these two once a second: they are drawn as pictures, which costs most, and nobody reads faster */
export const liveSeries = signal<Series>({ sliceMs: 1_000, points: [] });
export const liveRttHistogram = signal<RttHistogram>({ edgesMs: [], counts: [] });
export const liveChunks = signal<HeldChunks>({ byId: new Map(), version: 0, skipped: 0 });
/** the oldest first */
export const liveEvents = signal<readonly LiveEvent[]>([]);

const picturesMs = 1_000;

let data: LiveData | undefined;
/** when pictures were last shown, in ms of the run */
let picturesAtMs = Number.NEGATIVE_INFINITY;
let source: EventSource | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
/** until a stream without a word is taken for a broken one */
let silence: ReturnType<typeof setTimeout> | undefined;
let waitMs = reopenMsMin;

/** Follows the run for as long as the page lives. */
export function followRun(): void {
	connection.value = 'connecting';
	effect(() => {
		if (!isPageVisible.value) close();
		else if (connection.peek() !== 'ended') open();
	});
}

/** Tries at once, after it broke or ended. */
export function reconnect(): void {
	waitMs = reopenMsMin;
	close();
	open();
}

function open(): void {
	if (source !== undefined) return;
	const stream = new EventSource('/api/live');
	source = stream;
	listen();
	stream.addEventListener('hello', (event) => {
		listen();
		waitMs = reopenMsMin;
		show(fromHello(JSON.parse(event.data) as LiveHello));
	});
	stream.addEventListener('update', (event) => {
		listen();
		if (data !== undefined) show(withUpdate(data, JSON.parse(event.data) as LiveUpdate));
	});
	stream.addEventListener('alive', listen);
	stream.addEventListener('error', reopenLater);
}

/** Waits for the next word. A connection to who has gone without saying so stays open for as long as one lets it. */
function listen(): void {
	clearTimeout(silence);
	silence = setTimeout(reopenLater, liveSilenceMsMax);
}

function reopenLater(): void {
	// Our own waits grow; the browser's do not.
	close();
	const isOver = data !== undefined && hasEnded(data.run.state);
	connection.value = isOver ? 'ended' : data === undefined ? 'failed' : 'reconnecting';
	if (isOver || !isPageVisible.peek()) return;
	timer = setTimeout(open, waitMs);
	waitMs = Math.min(waitMs * 2, reopenMsMax);
}

function close(): void {
	clearTimeout(timer);
	clearTimeout(silence);
	source?.close();
	source = undefined;
}

function show(now: LiveData): void {
	data = now;
	batch(() => {
		connection.value = hasEnded(now.run.state) ? 'ended' : 'live';
		liveRun.value = now.run;
		liveWorkers.value = now.workers;
		if (arePicturesDue(now.run)) {
			picturesAtMs = now.run.elapsedMs;
			liveSeries.value = now.series;
			liveRttHistogram.value = now.rttHistogram;
		}
		liveChunks.value = now.chunks;
		liveEvents.value = now.events;
	});
}

/** The last ones, and those of another run, are shown at once. */
function arePicturesDue({ state, elapsedMs }: LiveRun): boolean {
	return hasEnded(state) || elapsedMs < picturesAtMs || elapsedMs - picturesAtMs >= picturesMs;
}
