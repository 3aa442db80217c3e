/** The files of the built page, held in memory: they are few and small, and a folder may be replaced while it is read. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { PingpoolError } from '../../shared/errors.ts';
import { pageBytesMax } from '../../shared/limits.ts';

export interface PageFile {
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly type: string;
	readonly etag: string;
	/** whether its name changes with what is in it, so that a browser may keep it for good */
	readonly isHashed: boolean;
}

/** By their paths, `/index.html` among them. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** What each view is opened as; all of them are the one page. */
export const pagePaths: ReadonlySet<string> = new Set([
	'/',
	'/workers',
	'/tasks',
	'/results',
	'/map',
	'/runs',
	'/compare',
	'/events',
	'/hosts',
]);

const types: Readonly<Record<string, string>> = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.svg': 'image/svg+xml',
	'.png': 'image/png',
	'.woff2': 'font/woff2',
	'.json': 'application/json',
	'.webmanifest': 'application/manifest+json',
};

/**
 * @returns `undefined` when there is no page in the folder
 * @throws PingpoolError `internal` when it is far too large; errors of the file system when it goes while it is read
 */
export async function readPage(folder: string): Promise<PageFiles | undefined> {
	let names: string[];
	try {
		const entries = await readdir(folder, { recursive: true, withFileTypes: true });
		names = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
	} catch {
		return undefined;
	}
	// Source maps and the like are for who develops.
	const shown = names.filter((name) => types[extname(name)] !== undefined);
	const sizes = await Promise.all(shown.map(async (name) => (await stat(name)).size));
	const total = sizes.reduce((sum, size) => sum + size, 0);
	if (total > pageBytesMax) throw new PingpoolError('internal', `the page has over ${pageBytesMax} bytes`);
	const files = new Map<string, PageFile>();
	const add = async (name: string): Promise<void> => {
		const bytes = await readFile(name);
		const path = name.slice(folder.length).replaceAll(sep, '/');
		const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
		const isHashed = /^\/assets\/.+-[\w-]{8}\.\w+$/.test(path);
		files.set(path, { bytes, type: types[extname(name)]!, etag, isHashed });
	};
	// At the same time: while a run keeps this thread busy, each step of a reading waits for its turn.
	await Promise.all(shown.map(add));
	return files.has('/index.html') ? files : undefined;
}

/** The answer to a request for one of them. */
export function fileAnswer({ bytes, type, etag, isHashed }: PageFile, request: Request): Response {
	const headers = {
		'content-type': type,
		etag,
		'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
	};
	const known = request.headers.get('if-none-match')?.split(',', 20) ?? [];
	if (known.some((each) => each.trim().replace(/^W\//, '') === etag)) {
		return new Response(null, { status: 304, headers });
	}
	return new Response(bytes, { headers });
}
