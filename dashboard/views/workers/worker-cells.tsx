/** What stands in the cells of the table of workers, beyond plain numbers. */
import type { LiveWorker } from '../../../shared/dashboard-api.ts';
import { formatCount, formatDuration, formatPlural, formatRate, none } from '../../../shared/format.ts';
import { HostName, SafeText } from '../../parts/safe-text.tsx';
import { Sparkline } from '../../parts/sparkline.tsx';
import { WorkerStateBadge } from '../../parts/status-badge.tsx';
import { StatusBar } from '../../parts/status-bar.tsx';
import { rateSamplesMax } from '../../state/rate-history.ts';

export function WorkerName({ worker }: { readonly worker: LiveWorker }) {
	const { name, runtime, version, probes, icmp } = worker;
	const known = [
		[runtime, version].filter((word) => word !== null).join(' '),
		probes.join(' '),
		icmp === null ? '' : `${icmp} sockets`,
	].filter((words) => words !== '');
	return (
		<div class="worker-name">
			<HostName host={name} isShort />
			<span class="worker-more">
				<SafeText text={known.join(' · ')} />
			</span>
		</div>
	);
}

/** @param nowMs wall clock of the master, which need not be that of the page's machine */
export function WorkerStateCell({ worker, nowMs }: { readonly worker: LiveWorker; readonly nowMs: number }) {
	const { state, why, asideUntilAtMs } = worker;
	const left = asideUntilAtMs === null ? null : Math.max(asideUntilAtMs - nowMs, 0);
	return (
		<div class="worker-state">
			<span class="worker-state-now">
				<WorkerStateBadge state={state} />
				{left !== null && <span class="muted">for {formatDuration(Math.ceil(left / 1_000) * 1_000)}</span>}
			</span>
			{why !== null && (
				<span class="worker-more">
					<SafeText text={why} />
				</span>
			)}
		</div>
	);
}

interface RateCellProps {
	readonly worker: LiveWorker;
	readonly rates: readonly number[];
}

export function RateCell({ worker, rates }: RateCellProps) {
	return (
		<span class="worker-rate">
			{rates.length > 2 && <Sparkline values={rates} valuesMax={rateSamplesMax} />}
			<span>{formatRate(worker.ratePerSecond)}</span>
		</span>
	);
}

/** Hosts on their way, and how full the send window is: those of them that the worker has not sent a probe to yet. */
export function InFlightCell({ worker }: { readonly worker: LiveWorker }) {
	const { inFlight, unsentHosts, windowHosts, requests } = worker;
	const share = windowHosts > 0 ? Math.min(unsentHosts / windowHosts, 1) : 0;
	return (
		<span class="worker-flight" title={`${formatPlural(requests, 'request')} under way`}>
			<span>{formatCount(inFlight)}</span>
			<span class="worker-flight-bar" style={{ '--part': `${share * 100}%` }} />
			<span class="muted">
				<span class="worker-flight-word">window </span>
				{formatCount(unsentHosts)} / {formatCount(windowHosts)}
			</span>
		</span>
	);
}

export function DoneCell({ worker }: { readonly worker: LiveWorker }) {
	return (
		<span class="worker-done">
			{formatCount(worker.done)}
			<StatusBar byStatus={worker.byStatus} />
		</span>
	);
}

interface FailuresCellProps {
	readonly worker: LiveWorker;
	readonly isOpen: boolean;
	onToggle(): void;
}

export function FailuresCell({ worker, isOpen, onToggle }: FailuresCellProps) {
	if (worker.failures === 0) return <span class="muted">0</span>;
	return (
		<button type="button" class="button worker-failures-button" aria-expanded={isOpen} onClick={onToggle}>
			{formatCount(worker.failures)} <span aria-hidden="true">{isOpen ? '▴' : '▾'}</span>
			<span class="visually-hidden">failures, with reasons</span>
		</button>
	);
}

/** The reasons under a worker's row, the commonest first. @param nowMs wall clock of the master */
export function FailureList({ worker, nowMs }: { readonly worker: LiveWorker; readonly nowMs: number }) {
	const found = worker.failureReasons.toSorted((a, b) => b.count - a.count);
	return (
		<ul class="worker-failures">
			{found.map(({ message, count, lastAtMs }) => (
				<li key={message}>
					<strong>{formatCount(count)} ×</strong> <SafeText text={message} />{' '}
					<span class="muted">last {formatDuration(nowMs - lastAtMs)} ago</span>
				</li>
			))}
			{found.length === 0 && <li class="muted">{none}</li>}
		</ul>
	);
}
