/** Inside the thread that reads a database for a dashboard: questions come as messages. */
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../shared/clock.ts';
import { databaseError } from '../store/database-error.ts';
import { openToRead } from '../store/open-database.ts';
import { packError } from '../store/thread-messages.ts';
import { answerQuestion } from './answer-question.ts';
import type { QueryContext } from './context.ts';
import { queryContext } from './context.ts';
import { SharedTurns } from './shared-turns.ts';
import type { Steps } from './steps.ts';
import type { FromThread, Question, ThreadOptions, ToThread } from './thread-messages.ts';

const port = parentPort!;
const { path } = workerData as ThreadOptions;
const turns = new SharedTurns();

/** The file as it was opened last, which may be another one by now under the same name. */
let open: { readonly context: QueryContext; readonly file: string } | undefined;

function post(message: FromThread): void {
	port.postMessage(message);
}

/** @throws PingpoolError `database`; the next question tries again */
function context(): QueryContext {
	const stats = statSync(path, { throwIfNoEntry: false });
	const file = `${stats?.dev} ${stats?.ino}`;
	if (open?.file !== file) {
		// What still reads the old one fails.
		open?.context.db.close();
		open = undefined;
		open = { context: queryContext(openToRead(path), systemClock), file };
	}
	return open.context;
}

function* answer(question: Question): Steps<unknown> {
	try {
		return yield* answerQuestion(context(), question);
	} catch (error) {
		throw databaseError(error, path);
	}
}

port.on('message', (message: ToThread) => {
	switch (message.type) {
		case 'ask': {
			const { number, question } = message;
			turns.start(number, {
				steps: answer(question),
				onDone: (value) => post({ type: 'answer', number, value }),
				onFailed: (error) => post({ type: 'failed', number, error: packError(error) }),
			});
			return;
		}
		case 'drop':
			turns.drop(message.number);
			return;
		case 'close':
			turns.dropAll();
			open?.context.db.close();
			port.close();
	}
});
