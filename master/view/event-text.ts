/** What a run says, as a line for people; `undefined` for what is not worth one. */

import { formatCount, formatPlural } from '../../shared/format.ts';
import type { RunEvent } from '../events.ts';

export function eventText(event: RunEvent): string | undefined {
	switch (event.type) {
		case 'list-read': {
			const left: string[] = [];
			if (event.invalid > 0) left.push(`${formatPlural(event.invalid, 'invalid line')} skipped`);
			if (event.duplicates > 0) left.push(`${formatPlural(event.duplicates, 'duplicate')} left out`);
			if (event.excluded > 0) left.push(`${formatCount(event.excluded)} excluded`);
			return `${formatPlural(event.total, 'host')}${left.length > 0 ? ` (${left.join(', ')})` : ''}`;
		}
		case 'denied-by-default': {
			const reasons = [...event.counts].map(([reason, hosts]) => `${reason} ${formatCount(hosts)}`);
			const total = [...event.counts.values()].reduce((sum, hosts) => sum + hosts, 0);
			const [hosts, them] =
				total === 1 ? ['1 host is an address', 'it'] : [`${formatCount(total)} hosts are addresses`, 'them'];
			return `note: ${hosts} that workers deny unless told otherwise: ${reasons.join(', ')} (--allow on the worker opens ${them})`;
		}
		case 'worker-joined':
			return `worker ${event.worker}: ${event.probes
				.map((probe) => (probe === 'icmp' && event.icmp !== null ? `icmp (${event.icmp})` : probe))
				.join(', ')}`;
		case 'worker-unreachable':
			return `worker ${event.worker} ${event.message}`;
		case 'worker-set-aside':
			return event.forMs === undefined
				? `worker ${event.worker} ${event.message}; out of this run, others get its hosts`
				: `worker ${event.worker} ${event.message}; set aside for ${(event.forMs / 1000).toFixed(1)} s, what it did not answer is asked again`;
		case 'worker-back':
			return `worker ${event.worker} is back`;
		case 'workers-met':
			if (event.met === event.asked || event.met === 0) return undefined;
			return `going on with ${event.met} of ${event.asked} workers`;
		case 'worker-removed': {
			const rest = event.inFlight > 0 ? `; ${formatPlural(event.inFlight, 'host')} under way may end` : '';
			return `worker ${event.worker} was taken out of ${event.file}${rest}`;
		}
		case 'worker-changed':
			return `worker ${event.worker} has other settings in ${event.file}; it joins anew`;
		case 'workers-file-problem':
			return event.message;
		case 'embedded-worker-ended':
			return 'the embedded worker has ended; starting another one';
		case 'run-started':
			return undefined;
		case 'run-continued':
			return `continuing run ${event.runId}: ${formatCount(event.done)} of ${formatCount(event.total)} done`;
		case 'waiting-for-workers':
			return `no worker is left; waiting up to ${Math.round(event.forMs / 1000)} s for one to come back`;
		case 'dashboard-ready': {
			const taken = event.takenPort === undefined ? '' : ` (port ${event.takenPort} is taken)`;
			const open = event.isLocal ? '' : '; open to other machines that have its token, over plain HTTP';
			return `dashboard: ${event.url}${taken}${open}`;
		}
		case 'stopping':
			return `stopping: waiting up to 10 s for ${formatPlural(event.inFlight, 'host')} under way (once more to stop at once)`;
		case 'notice':
			return event.level === 'warning' ? `warning: ${event.message}` : event.message;
	}
}
