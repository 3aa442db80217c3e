/** Where the page is: the browser's address as a signal, and the ways to change it. */
import { signal } from '@preact/signals';
import type { ParamChanges, Route } from '../router.ts';
import { hrefWith, parseRoute } from '../router.ts';

/** Read it in a component (`route.value`), and the component follows the address. */
export const route = signal<Route>(here());

function here(): Route {
	return parseRoute(location.pathname, location.search);
}

/** @param how `replace` leaves no step in the history: for what changes with every key or drag */
export function navigate(href: string, how: 'push' | 'replace' = 'push'): void {
	if (how === 'push') history.pushState(null, '', href);
	else history.replaceState(null, '', href);
	const before = route.value.path;
	route.value = here();
	if (route.value.path !== before) scrollTo(0, 0);
}

/** Changes parameters of the view that is shown; those that are not named stay. */
export function setParams(changes: ParamChanges, how: 'push' | 'replace' = 'push'): void {
	const href = hrefWith(route.value, changes);
	if (href !== location.pathname + location.search) navigate(href, how);
}

/** Notes with this step of the history which row of its table was opened: who comes back wants to find it again. */
export function rememberRow(row: number): void {
	history.replaceState({ row }, '');
}

/** 0 where nothing was noted. */
export function rememberedRow(): number {
	const { row } = (history.state ?? {}) as { readonly row?: unknown };
	return typeof row === 'number' && Number.isInteger(row) && row > 0 ? row : 0;
}

/** Back and forward, and clicks on plain links into the page (`<a href="/results?…">`), which then load nothing. */
export function followLocation(): void {
	addEventListener('popstate', () => {
		route.value = here();
	});
	document.addEventListener('click', (event) => {
		if (event.defaultPrevented || event.button !== 0) return;
		if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		const link = event.target instanceof Element ? event.target.closest('a') : null;
		if (link === null || link.target !== '' || link.hasAttribute('download')) return;
		const url = new URL(link.href, location.href);
		if (url.origin !== location.origin || url.pathname.startsWith('/api/') || url.hash !== '') return;
		event.preventDefault();
		navigate(url.pathname + url.search);
	});
}
