/**
 * The page of a checkout, built from its sources when somebody wants to see it. What was built is kept in a folder that
 * is named after what it was built from, so it is never older than its sources, and two masters that build at the same
 * time put the same in the same place: each in a folder of its own first, which is then renamed. Who comes second finds
 * the name taken, and is content.
 */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { escapeLines } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import type { PageFiles } from './page-files.ts';
import { readPage } from './page-files.ts';

/** It takes a third of a second on a slow machine that does nothing else. */
const buildMsMax = 60_000;
/** Characters of what vite says that are shown. */
const outputMax = 4_000;
/** After which a build that nobody made anew may go. */
const staleMs = 24 * 3_600_000;

/** What the page is made of, of a checkout: two folders, and which packages they use. */
const sources = ['dashboard', 'shared', 'package-lock.json'];

/**
 * @param root of the checkout
 * @throws PingpoolError `usage` when vite is not installed, or finds something wrong with the sources
 */
export async function builtPage(root: string, signal: AbortSignal): Promise<PageFiles> {
	const cache = join(root, 'node_modules', '.cache', 'pingpool-dashboard');
	const place = join(cache, await stampOf(root));
	const kept = await readPage(place).catch(() => undefined);
	if (kept !== undefined) return kept;
	const vite = findVite(root);
	if (vite === undefined) {
		// Somebody may have built it before the tools went.
		const earlier = await readPage(join(root, 'dist', 'dashboard'));
		if (earlier !== undefined) return earlier;
		throw new PingpoolError('usage', 'the page has not been built, and what builds it is not installed', {
			hint: 'npm ci && npm run build:dashboard',
		});
	}
	const temporary = await folderToBuildIn(cache);
	try {
		await runVite({ vite, root, folder: temporary, signal });
		const files = await readPage(temporary);
		if (files === undefined) throw new PingpoolError('internal', 'what vite built is no page');
		await rename(temporary, place).catch(() => undefined);
		return files;
	} finally {
		await remove(temporary);
		await removeStale(cache, place);
	}
}

/** In a checkout that may not be written, as one of another user, nothing is kept: each start builds anew. */
async function folderToBuildIn(cache: string): Promise<string> {
	const folder = join(cache, `.${process.pid}-${randomUUID()}`);
	try {
		await mkdir(folder, { recursive: true });
		return folder;
	} catch {
		return await mkdtemp(join(tmpdir(), 'pingpool-dashboard-'));
	}
}

/** What can not be removed does no harm. */
function remove(folder: string): Promise<void> {
	return rm(folder, { recursive: true, force: true }).catch(() => undefined);
}

/**
 * Stands for all that the page is made of. The files are read at the same time: while a run keeps this thread busy, each
 * step of a reading waits for its turn, and there are hundreds of steps.
 */
async function stampOf(root: string): Promise<string> {
	const hash = createHash('sha256');
	for (const source of sources) {
		const path = join(root, source);
		const files = (await stat(path)).isDirectory() ? await filesBelow(path) : [path];
		const contents = await Promise.all(files.map((file) => readFile(file)));
		for (const [i, file] of files.entries()) {
			const bytes = contents[i]!;
			hash.update(`${file.slice(root.length)}\0${bytes.length}\0`).update(bytes);
		}
	}
	return hash.digest('hex').slice(0, 32);
}

async function filesBelow(folder: string): Promise<string[]> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	return entries
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => join(parentPath, name))
		.sort();
}

function findVite(root: string): string | undefined {
	try {
		const folder = dirname(createRequire(join(root, 'package.json')).resolve('vite/package.json'));
		const program = join(folder, 'bin', 'vite.js');
		return existsSync(program) ? program : undefined;
	} catch {
		return undefined;
	}
}

interface ViteRun {
	readonly vite: string;
	readonly root: string;
	/** takes what is built */
	readonly folder: string;
	readonly signal: AbortSignal;
}

/** @throws PingpoolError `usage` with what vite says */
function runVite({ vite, root, folder, signal }: ViteRun): Promise<void> {
	const config = join(root, 'dashboard', 'vite.config.ts');
	const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PINGPOOL_'));
	const child = spawn(
		process.execPath,
		[
			vite,
			'build',
			...['--config', config, '--configLoader', 'native'],
			...['--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'],
		],
		{
			cwd: root,
			// No secret of ours is needed to build a page.
			env: { ...Object.fromEntries(inherited), NODE_ENV: 'production', NO_COLOR: '1' },
			stdio: ['ignore', 'pipe', 'pipe'],
			signal: AbortSignal.any([signal, AbortSignal.timeout(buildMsMax)]),
			killSignal: 'SIGKILL',
		},
	);
	let output = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding('utf8').on('data', (text: string) => {
			output = (output + text).slice(-outputMax);
		});
	}
	return new Promise((resolve, reject) => {
		const fail = (message: string, cause?: unknown): void => {
			if (signal.aborted) {
				reject(new PingpoolError('busy', 'the dashboard ends', { cause }));
				return;
			}
			const hint =
				`${escapeLines(stripVTControlCharacters(output).trim())}\n\nnpm ci && npm run build:dashboard`.trim();
			reject(new PingpoolError('usage', message, { cause, hint }));
		};
		child.once('error', (error) => fail('the page could not be built', error));
		child.once('close', (code) => (code === 0 ? resolve() : fail('the page could not be built')));
	});
}

/** Earlier builds, and what builds that were killed have left. */
async function removeStale(cache: string, place: string): Promise<void> {
	const names = await readdir(cache).catch(() => []);
	for (const name of names) {
		const path = join(cache, name);
		if (path === place) continue;
		const { mtimeMs = Number.POSITIVE_INFINITY } = (await stat(path).catch(() => undefined)) ?? {};
		if (Date.now() - mtimeMs > staleMs) await remove(path);
	}
}
