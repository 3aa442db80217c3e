/** A reader of server-sent events that can be told to stop reading. */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';

export interface SentEvent {
	readonly name: string;
	// biome-ignore lint/suspicious/noExplicitAny: what a test looks at is its own business
	readonly data: any;
	/** of performance.now() */
	readonly atMs: number;
}

export interface EventStream extends Disposable {
	readonly status: number;
	readonly type: string | undefined;
	readonly events: readonly SentEvent[];
	/** comments so far */
	comments(): number;
	/** resolves when there are so many events; rejects when the stream ends before */
	reached(count: number): Promise<void>;
	/** resolves with whether it was ended properly */
	readonly ended: Promise<boolean>;
	readonly response: IncomingMessage;
}

export function openEvents(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
	return new Promise((resolve, reject) => {
		const asked = request(url, { headers, agent: false }, (response) => {
			const events: SentEvent[] = [];
			let comments = 0;
			let text = '';
			let waiting: { count: number; resolve(): void; reject(error: Error): void }[] = [];
			response.setEncoding('utf8').on('data', (piece: string) => {
				text += piece;
				// Long ones come in many pieces.
				if (!piece.includes('\n\n') && !piece.startsWith('\n')) return;
				const blocks = text.split('\n\n');
				text = blocks.pop()!;
				for (const block of blocks) {
					const found = /^event: (.+)\ndata: (.+)$/.exec(block);
					if (found === null) comments += 1;
					else events.push({ name: found[1]!, data: JSON.parse(found[2]!), atMs: performance.now() });
				}
				for (const each of waiting) if (events.length >= each.count) each.resolve();
				waiting = waiting.filter(({ count }) => events.length < count);
			});
			response.on('error', () => undefined);
			const ended = new Promise<boolean>((done) => {
				response.once('close', () => {
					const error = new Error(`the stream ended after ${events.length} events`);
					for (const each of waiting) each.reject(error);
					done(response.complete);
				});
			});
			resolve({
				status: response.statusCode!,
				type: response.headers['content-type'],
				events,
				comments: () => comments,
				reached(count) {
					if (events.length >= count) return Promise.resolve();
					return new Promise((done, fail) => waiting.push({ count, resolve: done, reject: fail }));
				},
				ended,
				response,
				[Symbol.dispose]: () => asked.destroy(),
			});
		});
		asked.on('error', reject).end();
	});
}
