/** States as symbol, word and colour: any two of them would do. */
import type { WorkerState } from '../../shared/dashboard-api.ts';
import type { Status } from '../../shared/outcome.ts';
import { SafeText } from './safe-text.tsx';
import './status-badge.css';

/** Lines of the symbols, in a square of 16. */
const symbols = {
	check: 'M3.5 8.5 6.5 11.5 12.5 4.5',
	cross: 'M4 4 12 12M12 4 4 12',
	question: 'M5.5 6a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.7-.9 1.4M8 12.4v.2',
	barred: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M4.2 4.2 11.8 11.8',
	exclamation: 'M8 3v6M8 12v.4',
	slow: 'M3 5l4 3-4 3M8.5 5l4 3-4 3',
	pause: 'M5.5 4v8M10.5 4v8',
	dots: 'M3.5 8h.2M8 8h.2M12.3 8h.2',
	drain: 'M8 3v8M4.5 8 8 11.5 11.5 8M4 13.5h8',
	circle: 'M8 4a4 4 0 1 0 0 8a4 4 0 0 0 0-8',
} as const;
export type SymbolName = keyof typeof symbols;

export type Tone = Status | 'plain' | 'accent' | 'good' | 'bad' | 'warn';

/** Read by nobody: a word stands beside it. */
export function StateSymbol({ name }: { readonly name: SymbolName }) {
	return (
		<svg class="state-symbol" viewBox="0 0 16 16" aria-hidden="true">
			<path d={symbols[name]} />
		</svg>
	);
}

const statusSymbols: Readonly<Record<Status, SymbolName>> = {
	up: 'check',
	down: 'cross',
	unresolved: 'question',
	denied: 'barred',
	error: 'exclamation',
};

function isStatus(text: string): text is Status {
	return Object.hasOwn(statusSymbols, text);
}

interface BadgeProps {
	readonly tone: Tone;
	readonly symbol: SymbolName;
	readonly text: string;
}

export function Badge({ tone, symbol, text }: BadgeProps) {
	return (
		<span class={`badge tone-${tone}`}>
			<StateSymbol name={symbol} />
			<SafeText text={text} />
		</span>
	);
}

/** @param status one of shared/outcome.ts; other words, which a database may hold, are shown as they are */
export function StatusBadge({ status }: { readonly status: string }) {
	return isStatus(status) ? (
		<Badge tone={status} symbol={statusSymbols[status]} text={status} />
	) : (
		<Badge tone="plain" symbol="question" text={status} />
	);
}

const workerStates: Readonly<Record<WorkerState, { tone: Tone; symbol: SymbolName; text: string }>> = {
	healthy: { tone: 'good', symbol: 'check', text: 'healthy' },
	slowed: { tone: 'warn', symbol: 'slow', text: 'slowed' },
	aside: { tone: 'bad', symbol: 'pause', text: 'set aside' },
	unmet: { tone: 'plain', symbol: 'dots', text: 'not met' },
	draining: { tone: 'accent', symbol: 'drain', text: 'draining' },
	gone: { tone: 'bad', symbol: 'cross', text: 'gone' },
};

export function WorkerStateBadge({ state }: { readonly state: WorkerState }) {
	return <Badge {...workerStates[state]} />;
}

const runStates: Readonly<Record<string, { tone: Tone; symbol: SymbolName }>> = {
	starting: { tone: 'plain', symbol: 'dots' },
	running: { tone: 'accent', symbol: 'circle' },
	stopping: { tone: 'warn', symbol: 'pause' },
	finished: { tone: 'good', symbol: 'check' },
	failed: { tone: 'bad', symbol: 'cross' },
	interrupted: { tone: 'warn', symbol: 'pause' },
	imported: { tone: 'plain', symbol: 'drain' },
};

/** @param state of a live run, or of a row of the database */
export function RunStateBadge({ state }: { readonly state: string }) {
	const known = Object.hasOwn(runStates, state) ? runStates[state] : undefined;
	return <Badge tone={known?.tone ?? 'plain'} symbol={known?.symbol ?? 'question'} text={state} />;
}
