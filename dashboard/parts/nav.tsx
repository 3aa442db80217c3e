/** The way to the views. */
import { useEffect, useRef } from 'preact/hooks';
import { hrefOf } from '../router.ts';
import type { View } from '../views.ts';

interface NavProps {
	readonly views: readonly View[];
	readonly current: View | undefined;
	/** `?run=`, which goes with the reader from view to view */
	readonly run: string | undefined;
}

export function Nav({ views, current, run }: NavProps) {
	const nav = useRef<HTMLElement>(null);
	// On a phone there is no room for all of them.
	useEffect(() => {
		nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
	}, [current]);
	return (
		<nav class="frame-nav" aria-label="Views" ref={nav}>
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
