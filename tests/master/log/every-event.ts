import type { RunEvent } from '../../../master/events.ts';

/** What a name may bring along that no terminal should obey. */
export const nasty = '\u001b[2J\u202ewo\u0007rker\nx';

/** One event of each type, with that in it wherever a text comes from outside. */
export const everyEvent: { readonly [Type in RunEvent['type']]: Extract<RunEvent, { type: Type }> } = {
	'list-read': { type: 'list-read', total: 9, invalid: 1, duplicates: 2, excluded: 3 },
	'denied-by-default': { type: 'denied-by-default', counts: new Map([['loopback', 2]]) },
	'worker-joined': { type: 'worker-joined', worker: nasty, probes: ['icmp', 'tcp'], icmp: 'raw' },
	'worker-unreachable': { type: 'worker-unreachable', worker: nasty, message: nasty },
	'workers-met': { type: 'workers-met', met: 1, asked: 2 },
	'worker-set-aside': { type: 'worker-set-aside', worker: nasty, message: nasty, forMs: undefined },
	'worker-back': { type: 'worker-back', worker: nasty },
	'worker-removed': { type: 'worker-removed', worker: nasty, file: nasty, inFlight: 4 },
	'worker-changed': { type: 'worker-changed', worker: nasty, file: nasty },
	'workers-file-problem': { type: 'workers-file-problem', message: nasty },
	'embedded-worker-ended': { type: 'embedded-worker-ended' },
	'run-started': { type: 'run-started', runId: 7, total: 9 },
	'run-continued': { type: 'run-continued', runId: 7, done: 3, total: 9 },
	'waiting-for-workers': { type: 'waiting-for-workers', forMs: 1_000 },
	'dashboard-ready': {
		type: 'dashboard-ready',
		url: 'http://192.0.2.1:8787/?token=the-secret-of-this-start',
		takenPort: 8787,
		isLocal: false,
	},
	stopping: { type: 'stopping', inFlight: 5 },
	notice: { type: 'notice', message: nasty, level: 'warning' },
};
