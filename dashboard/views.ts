/** The views of the page, one line each, in the order of the navigation. */
import type { ComponentType } from 'preact';
import { EventsView } from './views/events.tsx';
import { ResultsView } from './views/results.tsx';
import { RunView } from './views/run.tsx';
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
	{ path: '/events', title: 'Events', component: EventsView, needsLive: true },
];
