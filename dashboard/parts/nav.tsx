/** The way to the views. */
import { hrefOf } from '../router.ts';
import type { View } from '../views.ts';

interface NavProps {
	readonly views: readonly View[];
	readonly current: View | undefined;
	/** `?run=`, which goes with the reader from view to view */
	readonly run: string | undefined;
}

export function Nav({ views, current, run }: NavProps) {
	return (
		<nav class="frame-nav" aria-label="Views">
			<ul>
				{views.map((view) => (
					<li key={view.path}>
						<a href={hrefOf(view.path, { run })} aria-current={view === current ? 'page' : undefined}>
							{view.title}
						</a>
					</li>
				))}
			</ul>
		</nav>
	);
}
