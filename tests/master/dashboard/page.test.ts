import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPage } from '../../../master/dashboard/page.ts';
import { builtPage } from '../../../master/dashboard/page-build.ts';
import { pagePaths, readPage } from '../../../master/dashboard/page-files.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import { notLong, testUnless } from '../../requirements.ts';
import { serve } from './dashboard-fixture.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { signal } = new AbortController();

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'pingpool-page-'));
});
afterEach(() => {
	vi.unstubAllEnvs();
	rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): void {
	mkdirSync(join(folder, path, '..'), { recursive: true });
	writeFileSync(join(folder, path), text);
}

describe('the files of the page', () => {
	beforeEach(() => {
		write('index.html', '<!doctype html>');
		write('icon.svg', '<svg/>');
		write('assets/index-Ab_1-xyz.js', 'export {};');
		write('assets/index-Ab_1-xyz.css', 'body {}');
		write('assets/index-Ab_1-xyz.js.map', '{}');
		write('notes.txt', 'for who develops');
	});

	it('are served with their types, kept for good where their names change with them', async () => {
		await using served = await serve({ page: async () => (await readPage(folder))! });
		const facts = async (path: string) => {
			const { status, headers } = await served.get(path);
			return [status, headers.get('content-type'), headers.get('cache-control')];
		};
		const forGood = 'public, max-age=31536000, immutable';
		expect(await facts('/assets/index-Ab_1-xyz.js')).toEqual([
			200,
			'text/javascript; charset=utf-8',
			forGood,
		]);
		expect(await facts('/assets/index-Ab_1-xyz.css')).toEqual([200, 'text/css; charset=utf-8', forGood]);
		expect(await facts('/icon.svg')).toEqual([200, 'image/svg+xml', 'no-cache']);
		for (const path of pagePaths) {
			expect(await facts(path), path).toEqual([200, 'text/html; charset=utf-8', 'no-cache']);
		}
		expect(await facts('/workers?sort=name')).toEqual([200, 'text/html; charset=utf-8', 'no-cache']);
	});

	it('are opened by the paths that the page itself has', () => {
		const views = readFileSync(join(root, 'dashboard/views.ts'), 'utf8');
		const paths = [...views.matchAll(/\bpath: '([^']+)'/g)].map(([, path]) => path!);
		expect([...pagePaths].sort()).toEqual(paths.sort());
	});

	it('are not sent again to whoever has them', async () => {
		await using served = await serve({ page: async () => (await readPage(folder))! });
		const etag = (await served.get('/')).headers.get('etag')!;
		const again = await served.get('/', { 'if-none-match': `"other", W/${etag}` });
		expect([again.status, again.body, again.headers.get('etag')]).toEqual([304, null, etag]);
		expect((await served.get('/', { 'if-none-match': '"other"' })).status).toBe(200);
		write('index.html', '<!doctype html><title>new</title>');
		expect((await served.get('/', { 'if-none-match': etag })).status).toBe(200);
	});

	it('are all there is: no other file can be had', async () => {
		await using served = await serve({ page: async () => (await readPage(folder))! });
		for (const path of [
			'/notes.txt',
			'/assets/index-Ab_1-xyz.js.map',
			'/assets',
			'/assets/',
			'/../package.json',
			'/%2e%2e/package.json',
			'/assets/..%2f..%2fpackage.json',
			'/workers/',
			'/__proto__',
		]) {
			expect((await served.get(path)).status, path).toBe(404);
		}
	});

	it('are not there in words to people, and in fields to programs', async () => {
		await using served = await serve({ page: async () => (await readPage(folder))! });
		const navigation = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
		const facts = async (path: string, headers?: Record<string, string>) => {
			const answer = await served.get(path, headers);
			return [answer.status, answer.headers.get('content-type'), await answer.text()];
		};
		const page = [404, 'text/html; charset=utf-8', expect.stringContaining('<main><h1>pingpool</h1>')];
		expect(await facts('/workers/', navigation)).toEqual(page);
		expect(await facts('/nowhere', navigation)).toEqual(page);
		const fields = [404, 'application/json', expect.stringContaining('"not-found"')];
		expect(await facts('/nowhere')).toEqual(fields);
		expect(await facts('/assets/nowhere.js', { accept: '*/*' })).toEqual(fields);
		expect(await facts('/api/nowhere', navigation)).toEqual(fields);
	});

	it('are no page without index.html', async () => {
		rmSync(join(folder, 'index.html'));
		expect(await readPage(folder)).toBeUndefined();
		expect(await readPage(join(folder, 'nowhere'))).toBeUndefined();
	});
});

describe('a page that is not there', () => {
	it('is explained to people', async () => {
		const hint = 'npm ci && npm run build:dashboard';
		await using served = await serve({
			page: () => Promise.reject(new PingpoolError('usage', 'the page <b>', { hint })),
		});
		const answer = await served.get('/workers');
		expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8']);
		const text = await answer.text();
		expect(text).toContain('<p>the page &lt;b&gt;</p>');
		expect(text).toContain('npm ci &amp;&amp; npm run build:dashboard');
		// In either theme, without the page's own files.
		const style = await served.get(/<link rel="stylesheet" href="([^"]+)">/.exec(text)![1]!);
		expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
		expect(await style.text()).toContain('background: Canvas; color: CanvasText;');
		expect((await served.get('/api/about')).status).toBe(200);
	});

	const error = new PingpoolError('usage', 'the page could not be built', {
		hint: 'in /home/somebody/dashboard',
	});

	it('tells what is wrong with its sources to those alone who have the token', async () => {
		await using served = await serve({ page: () => Promise.reject(error), token: '0123456789abcdef' });
		const stranger = await (await served.get('/')).text();
		expect(stranger).toContain('the page could not be built');
		expect(stranger).not.toContain('somebody');
		const headers = { authorization: 'Bearer 0123456789abcdef' };
		expect(await (await served.get('/', headers)).text()).toContain('in /home/somebody/dashboard');
	});

	it('is not asked for again and again, but after a while', async () => {
		let nowMs = 0;
		let reads = 0;
		const page = new Map();
		const get = openPage(signal, { monotonicMs: () => nowMs }, async () => {
			reads += 1;
			if (reads < 3) throw error;
			return page;
		});
		await expect(Promise.all([get(), get()])).rejects.toBe(error);
		nowMs += 9_000;
		await expect(get()).rejects.toBe(error);
		expect(reads).toBe(1);
		nowMs += 1_000;
		await expect(get()).rejects.toBe(error);
		nowMs += 10_000;
		expect(await get()).toBe(page);
		nowMs += 10_000;
		expect(await get()).toBe(page);
		expect(reads).toBe(3);
	});
});

describe('the page of a checkout', () => {
	/** A checkout that has what the page is made of, and the packages that are named. */
	function checkOut(packages: readonly string[]): void {
		for (const name of ['dashboard', 'shared', 'package-lock.json', 'package.json', 'tsconfig.json']) {
			cpSync(join(root, name), join(folder, name), { recursive: true });
		}
		mkdirSync(join(folder, 'node_modules'));
		for (const name of packages)
			symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
	}
	const cache = (): string => join(folder, 'node_modules', '.cache', 'pingpool-dashboard');

	it('says what is missing to build it', async () => {
		checkOut([]);
		await expect(builtPage(folder, signal)).rejects.toMatchObject({
			code: 'usage',
			message: 'the page has not been built, and what builds it is not installed',
			hint: 'npm ci && npm run build:dashboard',
		});
	});

	it('is what was built before the tools went', async () => {
		checkOut([]);
		write('dist/dashboard/index.html', 'built before');
		const page = await builtPage(folder, signal);
		expect(Buffer.from(page.get('/index.html')!.bytes).toString()).toBe('built before');
	});

	testUnless(notLong(), 'is built once, and anew when its sources have changed', async () => {
		checkOut(readdirSync(join(root, 'node_modules')).filter((name) => !name.startsWith('.')));
		// At the same time, as by two masters: each has it, and one is kept.
		const [one, two] = await Promise.all([builtPage(folder, signal), builtPage(folder, signal)]);
		expect([...one.keys()].sort()).toEqual([...two.keys()].sort());
		expect([...one.keys()]).toContain('/index.html');
		expect([...one.values()].filter(({ isHashed }) => isHashed).length).toBeGreaterThan(0);
		const kept = readdirSync(cache());
		expect(kept).toHaveLength(1);
		const mark = join(cache(), kept[0]!, 'index.html');
		writeFileSync(mark, 'as it was built');
		const again = await builtPage(folder, signal);
		expect(Buffer.from(again.get('/index.html')!.bytes).toString()).toBe('as it was built');
		write('dashboard/index.html', '<!doctype html><title>changed</title>');
		const anew = await builtPage(folder, signal);
		expect(Buffer.from(anew.get('/index.html')!.bytes).toString()).toContain('changed');
		expect(readdirSync(cache())).toHaveLength(2);
	});

	testUnless(notLong(), 'is built where nothing can be kept', async () => {
		checkOut(readdirSync(join(root, 'node_modules')).filter((name) => !name.startsWith('.')));
		// For root, too, no folder can be made in a file.
		write('node_modules/.cache', 'no folder');
		mkdirSync(join(folder, 'tmp'));
		vi.stubEnv('TMPDIR', join(folder, 'tmp'));
		const page = await builtPage(folder, signal);
		expect(page.has('/index.html')).toBe(true);
		// Node keeps something there as well.
		expect(readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('pingpool-'))).toEqual([]);
	});

	testUnless(notLong(), 'says what vite says when the sources are wrong', async () => {
		checkOut(readdirSync(join(root, 'node_modules')).filter((name) => !name.startsWith('.')));
		write('dashboard/main.tsx', 'import "./nowhere.ts";');
		await expect(builtPage(folder, signal)).rejects.toMatchObject({
			code: 'usage',
			message: 'the page could not be built',
			hint: expect.stringMatching(/nowhere\.ts[\s\S]*npm run build:dashboard$/),
		});
		expect(readdirSync(cache())).toEqual([]);
	});
});
