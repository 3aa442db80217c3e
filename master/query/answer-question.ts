/** The work that a question asks for. */

import { comparisonPage } from './compare/comparison.ts';
import type { QueryContext } from './context.ts';
import { hostHistory } from './host-history.ts';
import { prefixMap } from './prefix-map.ts';
import { resultsPage } from './results-page.ts';
import { runDetail } from './run-detail.ts';
import { runEvents } from './run-events.ts';
import { listRuns } from './run-rows.ts';
import type { Steps } from './steps.ts';
import type { Question } from './thread-messages.ts';

/** @throws PingpoolError `not-found`, `bad-request`, and SQLite's errors */
export function* answerQuestion(context: QueryContext, question: Question): Steps<unknown> {
	switch (question.method) {
		case 'runs':
			return listRuns(context.db);
		case 'run':
			return yield* runDetail(context, question.id);
		case 'events':
			return runEvents(context.db, question.id);
		case 'results':
			return yield* resultsPage(context, question.id, question.filter);
		case 'history':
			return yield* hostHistory(context, question.host);
		case 'map':
			return yield* prefixMap(context, question.id, question.prefix);
		case 'compare':
			return yield* comparisonPage(context, question.before, question.after, question.part);
	}
}
