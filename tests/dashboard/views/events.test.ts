import { describe, expect, it } from 'vitest';
import { choicesOf, filterEvents, parseEventFilter } from '../../../dashboard/views/events/event-filter.ts';
import { liveEvent } from '../live-fixture.ts';

const events = [
	liveEvent(1, { type: 'list-read', text: '100 hosts' }),
	liveEvent(2, { level: 'warning', type: 'worker-set-aside', worker: 'http://b', text: 'ECONNREFUSED' }),
	liveEvent(3, { level: 'error', type: 'workers-file-problem', text: 'line 3' }),
	liveEvent(4, { type: 'worker-back', worker: 'http://a', text: 'gets work again' }),
];
const idsWith = (params: Record<string, string>) =>
	filterEvents(events, parseEventFilter(params)).map(({ id }) => id);

describe('events', () => {
	it('stand with the newest first', () => expect(idsWith({})).toEqual([4, 3, 2, 1]));

	it.each([
		[{ level: 'warning' }, [3, 2]],
		[{ level: 'error' }, [3]],
		[{ level: 'nonsense' }, [4, 3, 2, 1]],
		[{ type: 'list-read' }, [1]],
		[{ worker: 'http://b' }, [2]],
		[{ q: 'econn' }, [2]],
		[{ q: 'HTTP://A' }, [4]],
		[{ q: 'file-problem' }, [3]],
		[{ level: 'warning', worker: 'http://a' }, []],
	])('pass %j', (params, ids) => expect(idsWith(params as Record<string, string>)).toEqual(ids));

	it('offer their types and workers, each once', () => {
		expect(choicesOf([...events, ...events])).toEqual({
			types: ['list-read', 'worker-back', 'worker-set-aside', 'workers-file-problem'],
			workers: ['http://a', 'http://b'],
		});
	});
});
