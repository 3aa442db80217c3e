/**
 * Addresses of the page: a path names the view, and query parameters hold everything that was chosen in it, so that an
 * address can be shared. No part of a browser is used here.
 */

export type Params = Readonly<Record<string, string>>;

/** What changes parameters: `null`, `undefined` and empty texts take one away. */
export type ParamChanges = Readonly<Record<string, string | number | null | undefined>>;

export interface Route {
	/** starts with `/`, and does not end with one, except for the first view */
	readonly path: string;
	readonly params: Params;
}

/** @param search the query with its `?`, or empty; of a parameter that comes twice the last one counts */
export function parseRoute(pathname: string, search: string): Route {
	const path = pathname.replace(/\/+$/, '');
	// Without a prototype: the names come from outside.
	const params: Record<string, string> = Object.create(null);
	for (const [name, value] of new URLSearchParams(search)) if (value !== '') params[name] = value;
	return { path: path === '' ? '/' : path, params };
}

/** The address of a view. Parameters keep the order in which they are given. */
export function hrefOf(path: string, params: ParamChanges = {}): string {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(params)) {
		if (value !== null && value !== undefined && value !== '') query.set(name, String(value));
	}
	// Commas and slashes mean nothing in a query, and addresses of filters are easier to read with them.
	const text = query.toString().replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':');
	return text === '' ? path : `${path}?${text}`;
}

/** The same view with other parameters; those that are not named stay. */
export function hrefWith(route: Route, changes: ParamChanges): string {
	return hrefOf(route.path, { ...route.params, ...changes });
}
