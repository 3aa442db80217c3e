/** The views of the page, one line each, in the order of the navigation. */
import type { ComponentType } from 'preact';
import { lazy } from './parts/lazy.tsx';
import { RunView } from './views/run.tsx';

export interface View {
	readonly path: string;
	readonly title: string;
	readonly component: ComponentType;
	/** shows what only the stream of a run that goes on has: not offered where there is none */
	readonly needsLive?: boolean;
	/** is reached from other views, not from the navigation */
	readonly isHidden?: boolean;
}

export const views: readonly View[] = [
	{ path: '/', title: 'Run', component: RunView },
	{
		path: '/workers',
		title: 'Workers',
		component: lazy(async () => (await import('./views/workers.tsx')).WorkersView),
	},
	{
		path: '/tasks',
		title: 'Tasks',
		component: lazy(async () => (await import('./views/tasks.tsx')).TasksView),
		needsLive: true,
	},
	{
		path: '/results',
		title: 'Results',
		component: lazy(async () => (await import('./views/results.tsx')).ResultsView),
	},
	{
		path: '/hosts',
		title: 'Host',
		component: lazy(async () => (await import('./views/hosts.tsx')).HostsView),
	},
	{ path: '/map', title: 'Map', component: lazy(async () => (await import('./views/map.tsx')).MapView) },
	{ path: '/runs', title: 'Runs', component: lazy(async () => (await import('./views/runs.tsx')).RunsView) },
	{
		path: '/compare',
		title: 'Compare',
		component: lazy(async () => (await import('./views/compare.tsx')).CompareView),
	},
	{
		path: '/events',
		title: 'Events',
		component: lazy(async () => (await import('./views/events.tsx')).EventsView),
	},
];
