/** What is installed is what was locked, needs no script of its own, and has a licence that is meant to be there. */
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import koffi from 'koffi';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { dependencyList, licenceOf, lockedPackages, nameOf } from './dependency-list.ts';

const root = new URL('../../', import.meta.url);

/** Licences that ask for no more than to be named. */
const licences = [
	'MIT',
	'MIT-0',
	'ISC',
	'BSD-2-Clause',
	'BSD-3-Clause',
	'Apache-2.0',
	'0BSD',
	'CC0-1.0',
	'BlueOak-1.0.0',
];

describe('21: what npm installs', () => {
	const packages = lockedPackages();
	const runtime = [...packages].filter(([, { dev }]) => dev !== true);

	test('is known by its content wherever pingpool runs', () => {
		expect(runtime.length).toBeGreaterThan(40);
		expect(runtime.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ''))).toEqual([]);
	});

	test('is asked for in one version, not in a range', () => {
		const { dependencies, devDependencies, optionalDependencies } = packageJson;
		for (const [name, version] of Object.entries({
			...dependencies,
			...devDependencies,
			...optionalDependencies,
		})) {
			expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
			expect(packages.get(`node_modules/${name}`)?.version, name).toBe(version);
		}
	});

	test('may run no script, and needs none', () => {
		const withScript = [...packages].filter(([, { hasInstallScript }]) => hasInstallScript);
		const forbidden: Record<string, boolean> = packageJson.allowScripts;
		expect(Object.values(forbidden)).toEqual(Object.values(forbidden).map(() => false));
		expect(withScript.map(([path]) => nameOf(path)).filter((name) => forbidden[name] !== false)).toEqual([]);
		// What their scripts would have built has come ready made.
		const database = new Database(':memory:');
		expect(database.prepare('SELECT 1 + 1').pluck().get()).toBe(2);
		database.close();
		expect(koffi.sizeof('int')).toBe(4);
	});

	test('has licences that are meant to be there', () => {
		const others = runtime.filter((entry) => !licences.includes(licenceOf(...entry) ?? ''));
		expect(others.map(([path, { license }]) => [path, license])).toEqual([]);
	});

	test('stands in DEPENDENCIES.md, with the reason for each that we ask for ("npm run licences" writes it)', () => {
		const text = dependencyList();
		expect(readFileSync(new URL('DEPENDENCIES.md', root), 'utf8')).toBe(text);
		const [asked] = text.split('## What those bring along') as [string];
		for (const name of Object.keys({ ...packageJson.dependencies, ...packageJson.optionalDependencies })) {
			expect(asked).toContain(`| ${name} `);
		}
	});

	test('is installed by CI without scripts, and asked about known holes', () => {
		const ci = readFileSync(new URL('.ci/run', root), 'utf8');
		expect(ci).toMatch(/^npm ci --ignore-scripts /m);
		expect(ci).toMatch(/npm audit/);
	});
});
