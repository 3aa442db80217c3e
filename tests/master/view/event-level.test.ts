import { expect, it } from 'vitest';
import type { RunEvent } from '../../../master/events.ts';
import { eventLevel, logLevelOf } from '../../../master/view/event-level.ts';
import { logLevels } from '../../../master/view/names.ts';
import type { EventLevel } from '../../../shared/dashboard-api.ts';

it.each<[RunEvent, EventLevel]>([
	[{ type: 'list-read', total: 9, invalid: 0, duplicates: 1, excluded: 1 }, 'info'],
	[{ type: 'list-read', total: 9, invalid: 1, duplicates: 0, excluded: 0 }, 'warning'],
	[{ type: 'denied-by-default', counts: new Map([['loopback', 2]]) }, 'warning'],
	[{ type: 'worker-joined', worker: 'a', probes: ['icmp'], icmp: 'raw' }, 'info'],
	[{ type: 'worker-unreachable', worker: 'a', message: 'is silent' }, 'warning'],
	[{ type: 'workers-met', met: 2, asked: 2 }, 'info'],
	[{ type: 'workers-met', met: 1, asked: 2 }, 'warning'],
	[{ type: 'worker-set-aside', worker: 'a', message: 'is silent', forMs: 500 }, 'warning'],
	[{ type: 'worker-set-aside', worker: 'a', message: 'lies', forMs: undefined }, 'error'],
	[{ type: 'worker-back', worker: 'a' }, 'info'],
	[{ type: 'worker-removed', worker: 'a', file: 'w', inFlight: 1 }, 'info'],
	[{ type: 'worker-changed', worker: 'a', file: 'w' }, 'info'],
	[{ type: 'workers-file-problem', message: 'is gone' }, 'warning'],
	[{ type: 'embedded-worker-ended' }, 'warning'],
	[{ type: 'run-started', runId: 1, total: 9 }, 'info'],
	[{ type: 'run-continued', runId: 1, done: 3, total: 9 }, 'info'],
	[{ type: 'waiting-for-workers', forMs: 1_000 }, 'error'],
	[{ type: 'dashboard-ready', url: 'http://127.0.0.1:8787/', takenPort: undefined, isLocal: true }, 'info'],
	[{ type: 'stopping', inFlight: 3 }, 'info'],
	[{ type: 'notice', message: 'carried over' }, 'info'],
	[{ type: 'notice', level: 'warning', message: 'open to all' }, 'warning'],
])('%j has the level %s', (event, level) => {
	expect(eventLevel(event)).toBe(level);
	expect(logLevels).toContain(logLevelOf(eventLevel(event)));
});
