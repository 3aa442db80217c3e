/** The frame of the page: its head, its views, and which of them is shown. */
import { useEffect, useRef } from 'preact/hooks';
import icon from './icon.svg';
import { ConnectionState } from './parts/connection.tsx';
import { HeadRun } from './parts/head-run.tsx';
import { Nav } from './parts/nav.tsx';
import { SafeText } from './parts/safe-text.tsx';
import { EmptyState, ErrorState, Loading } from './parts/states.tsx';
import { ThemeToggle } from './parts/theme-toggle.tsx';
import { ViewHead } from './parts/view-head.tsx';
import { about, aboutError, learnAbout } from './state/about.ts';
import { route } from './state/location.ts';
import type { View } from './views.ts';
import { views } from './views.ts';
import './styles/frame.css';

export function App() {
	const { path, params } = route.value;
	const view = views.find((known) => known.path === path);
	const hasLive = about.value?.mode !== 'serve';
	const offered = views.filter((known) => known.isHidden !== true && (hasLive || known.needsLive !== true));
	const main = useFocusOnView(view);

	return (
		<div class="frame">
			<a class="skip-link" href="#main">
				Skip to the content
			</a>
			<header class="frame-head">
				<a class="brand" href="/">
					<img src={icon} alt="" />
					pingpool
				</a>
				<div class="frame-status">
					<ConnectionState />
					<HeadRun />
					{about.value !== null && (
						<span class="frame-db" title={about.value.db}>
							<SafeText text={about.value.db} />
						</span>
					)}
				</div>
				<ThemeToggle />
			</header>
			<Nav views={offered} current={view} run={params.run} />
			<main class="frame-main" id="main" tabIndex={-1} ref={main}>
				<Shown view={view} hasLive={hasLive} />
			</main>
		</div>
	);
}

function Shown({ view, hasLive }: { readonly view: View | undefined; readonly hasLive: boolean }) {
	if (view === undefined) {
		return (
			<>
				<ViewHead title="Not found" />
				<EmptyState title="There is no view at this address.">
					<a href="/">To the run</a>
				</EmptyState>
			</>
		);
	}
	if (aboutError.value !== null) {
		return (
			<>
				<ViewHead title={view.title} />
				<ErrorState error={aboutError.value} onRetry={learnAbout} />
			</>
		);
	}
	if (about.value === null) {
		return (
			<>
				<ViewHead title={view.title} />
				<Loading />
			</>
		);
	}
	if (view.needsLive === true && !hasLive) {
		return (
			<>
				<ViewHead title={view.title} />
				<EmptyState title="This is shown while a run goes on.">
					The page is served from a database. The master of a run serves this view, too.
				</EmptyState>
			</>
		);
	}
	const Component = view.component;
	return <Component />;
}

/** Names the view in the title, and moves the focus to its heading when another one is shown. */
function useFocusOnView(view: View | undefined) {
	const main = useRef<HTMLElement>(null);
	const isFirst = useRef(true);
	useEffect(() => {
		document.title = view === undefined ? 'pingpool' : `${view.title} · pingpool`;
		const heading = main.current?.querySelector('h1') ?? main.current;
		if (!isFirst.current) heading?.focus({ preventScroll: true });
		isFirst.current = false;
	}, [view]);
	return main;
}
