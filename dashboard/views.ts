/** The views of the page, one line each, in the order of the navigation. */
import type { ComponentType } from 'preact';
import { CompareView } from './views/compare.tsx';
import { EventsView } from './views/events.tsx';
import { HostsView } from './views/hosts.tsx';
import { MapView } from './views/map.tsx';
import { ResultsView } from './views/results.tsx';
import { RunView } from './views/run.tsx';
import { RunsView } from './views/runs.tsx';
import { TasksView } from './views/tasks.tsx';
import { WorkersView } from './views/workers.tsx';

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
	{ path: '/workers', title: 'Workers', component: WorkersView },
	{ path: '/tasks', title: 'Tasks', component: TasksView, needsLive: true },
	{ path: '/results', title: 'Results', component: ResultsView },
	{ path: '/hosts', title: 'Host', component: HostsView },
	{ path: '/map', title: 'Map', component: MapView },
	{ path: '/runs', title: 'Runs', component: RunsView },
	{ path: '/compare', title: 'Compare', component: CompareView },
	{ path: '/events', title: 'Events', component: EventsView, needsLive: true },
];
