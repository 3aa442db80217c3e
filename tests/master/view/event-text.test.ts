import { expect, it } from 'vitest';
import type { RunEvent } from '../../../master/events.ts';
import { eventText } from '../../../master/view/event-text.ts';

it.each<[RunEvent, string | undefined]>([
	[{ type: 'list-read', total: 1, invalid: 0, duplicates: 0, excluded: 0 }, '1 host'],
	[
		{ type: 'list-read', total: 5_000, invalid: 1, duplicates: 2, excluded: 3 },
		'5,000 hosts (1 invalid line skipped, 2 duplicates left out, 3 excluded)',
	],
	[
		{
			type: 'denied-by-default',
			counts: new Map([
				['multicast', 8_000],
				['reserved', 4],
			]),
		},
		'note: 8,004 hosts are addresses that workers deny unless told otherwise: multicast 8,000, reserved 4 (--allow on the worker opens them)',
	],
	[
		{ type: 'denied-by-default', counts: new Map([['loopback', 1]]) },
		'note: 1 host is an address that workers deny unless told otherwise: loopback 1 (--allow on the worker opens it)',
	],
	[
		{ type: 'worker-joined', worker: 'w', probes: ['icmp', 'tcp'], icmp: 'datagram' },
		'worker w: icmp (datagram), tcp',
	],
	[{ type: 'worker-unreachable', worker: 'w', message: 'is not there' }, 'worker w is not there'],
	[{ type: 'workers-met', met: 2, asked: 2 }, undefined],
	[{ type: 'workers-met', met: 0, asked: 2 }, undefined],
	[{ type: 'workers-met', met: 1, asked: 2 }, 'going on with 1 of 2 workers'],
	[
		{ type: 'worker-set-aside', worker: 'w', message: 'broke', forMs: 250 },
		'worker w broke; set aside for 0.3 s, what it did not answer is asked again',
	],
	[
		{ type: 'worker-set-aside', worker: 'w', message: 'lies', forMs: undefined },
		'worker w lies; out of this run, others get its hosts',
	],
	[{ type: 'worker-back', worker: 'w' }, 'worker w is back'],
	[
		{ type: 'worker-removed', worker: 'w', file: 'workers.txt', inFlight: 1_024 },
		'worker w was taken out of workers.txt; 1,024 hosts under way may end',
	],
	[
		{ type: 'worker-removed', worker: 'w', file: 'fleet.txt', inFlight: 0 },
		'worker w was taken out of fleet.txt',
	],
	[
		{ type: 'worker-changed', worker: 'w', file: 'workers.txt' },
		'worker w has other settings in workers.txt; it joins anew',
	],
	[{ type: 'workers-file-problem', message: 'it is gone' }, 'it is gone'],
	[{ type: 'run-started', runId: 1, total: 1 }, undefined],
	[
		{ type: 'dashboard-ready', url: 'http://127.0.0.1:8787/', takenPort: undefined, isLocal: true },
		'dashboard: http://127.0.0.1:8787/',
	],
	[
		{ type: 'dashboard-ready', url: 'http://10.0.0.1:8788/', takenPort: 8787, isLocal: false },
		'dashboard: http://10.0.0.1:8788/ (port 8787 is taken); open to other machines that have its token, over plain HTTP',
	],
	[
		{ type: 'run-continued', runId: 7, done: 412_000, total: 1_000_000 },
		'continuing run 7: 412,000 of 1,000,000 done',
	],
	[
		{ type: 'waiting-for-workers', forMs: 20_000 },
		'no worker is left; waiting up to 20 s for one to come back',
	],
	[
		{ type: 'stopping', inFlight: 1 },
		'stopping: waiting up to 10 s for 1 host under way (once more to stop at once)',
	],
	[{ type: 'notice', message: 'carried over' }, 'carried over'],
	[{ type: 'notice', level: 'warning', message: 'old file' }, 'warning: old file'],
])('%j is said', (event, text) => {
	expect(eventText(event)).toBe(text);
});
