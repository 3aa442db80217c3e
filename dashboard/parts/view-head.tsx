/** The heading of a view, and what chooses for the whole of it. */
import type { ComponentChildren } from 'preact';

interface ViewHeadProps {
	readonly title: ComponentChildren;
	readonly children?: ComponentChildren;
}

export function ViewHead({ title, children }: ViewHeadProps) {
	return (
		<div class="view-head">
			{/* What takes the focus when another view is shown. */}
			<h1 tabIndex={-1}>{title}</h1>
			{children !== undefined && <div class="view-head-actions">{children}</div>}
		</div>
	);
}
