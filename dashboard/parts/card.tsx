/** A part of a view with its heading. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import './card.css';

interface CardProps {
	readonly title: string;
	/** beside the heading, at its end */
	readonly actions?: ComponentChildren;
	/** without space around it, for tables */
	readonly isFlush?: boolean;
	readonly children: ComponentChildren;
}

export function Card({ title, actions, isFlush = false, children }: CardProps) {
	const id = useId();
	return (
		<section class={isFlush ? 'card card-flush' : 'card'} aria-labelledby={id}>
			<div class="card-head">
				<h2 id={id}>{title}</h2>
				{actions !== undefined && <div class="card-actions">{actions}</div>}
			</div>
			{children}
		</section>
	);
}

interface FigureProps {
	readonly label: string;
	readonly value: ComponentChildren;
	/** a second, quieter line */
	readonly note?: ComponentChildren;
}

/** One number of a `<Figures>`. */
export function Figure({ label, value, note }: FigureProps) {
	return (
		<div class="figure">
			<dt>{label}</dt>
			<dd>
				<span class="figure-value">{value}</span>
				{note !== undefined && <span class="figure-note">{note}</span>}
			</dd>
		</div>
	);
}

/** Numbers side by side, as many as there is room for. */
export function Figures({ children }: { readonly children: ComponentChildren }) {
	return <dl class="figures">{children}</dl>;
}
