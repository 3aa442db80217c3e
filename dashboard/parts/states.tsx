/** What stands where there is nothing to show: not yet, not at all, or not now. */
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../state/api.ts';
import { SafeText } from './safe-text.tsx';
import { StateSymbol } from './status-badge.tsx';
import './states.css';

interface EmptyStateProps {
	readonly title: string;
	/** what to do about it */
	readonly children?: ComponentChildren;
}

export function EmptyState({ title, children }: EmptyStateProps) {
	return (
		<div class="empty-state">
			<p class="empty-state-title">{title}</p>
			{children !== undefined && <div class="empty-state-more">{children}</div>}
		</div>
	);
}

interface ErrorStateProps {
	readonly error: ApiError;
	readonly onRetry?: () => void;
}

export function ErrorState({ error, onRetry }: ErrorStateProps) {
	return (
		<div class="error-state" role="alert">
			<span class="tone-bad error-state-mark">
				<StateSymbol name="exclamation" />
			</span>
			<p class="error-state-text">
				<SafeText text={error.message} />
			</p>
			{onRetry !== undefined && (
				<button type="button" class="button" onClick={onRetry}>
					Try again
				</button>
			)}
		</div>
	);
}

/** Grey lines in the place of what is awaited. They stand still: to move them would take a processor that a run needs. */
export function Loading({
	lines = 3,
	label = 'Loading',
}: {
	readonly lines?: number;
	readonly label?: string;
}) {
	return (
		<div class="loading" role="status">
			<span class="visually-hidden">{label}</span>
			{Array.from({ length: lines }, (_, i) => (
				<span key={i} class="loading-line" aria-hidden="true" />
			))}
		</div>
	);
}
