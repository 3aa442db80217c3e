/**
 * A lockfile that was made on one platform can lack the packages of the others: npm leaves out what it could not
 * look up, and `npm ci` then refuses the whole file on every machine.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface LockedPackage {
	readonly version?: string;
	readonly integrity?: string;
	readonly resolved?: string;
	readonly optional?: boolean;
	readonly dependencies?: Record<string, string>;
	readonly optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
	packages: Record<string, LockedPackage>;
};

it('locks every package that a locked one may ask for, of every platform', () => {
	const missing: string[] = [];
	for (const [path, { dependencies, optionalDependencies }] of Object.entries(packages)) {
		for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
			let folder = path;
			let found = false;
			for (;;) {
				found ||= `${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages;
				if (found || folder === '') break;
				folder = folder.includes('/node_modules/')
					? folder.slice(0, folder.lastIndexOf('/node_modules/'))
					: '';
			}
			if (!found) missing.push(`${name}, for ${path || 'pingpool'}`);
		}
	}
	expect(missing).toEqual([]);
});

it('names no host to download from, and knows the content of all but optional packages', () => {
	const entries = Object.entries(packages).filter(([path]) => path !== '');
	expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
	const unknown = entries.filter(
		([, { integrity, optional }]) => integrity === undefined && optional !== true,
	);
	expect(unknown).toEqual([]);
});
