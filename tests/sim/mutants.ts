/** Copies of the rules with a bug planted in each (mutations/*.patch), for the simulation to find. */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { applyPatch, parsePatch } from './patch.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const patches = fileURLToPath(new URL('./mutations/', import.meta.url));
/** What the simulation needs of the project. */
const parts = ['shared', 'master', 'tests/sim', 'package.json'];

/** Names of all mutations. */
export function mutations(): string[] {
	return readdirSync(patches)
		.filter((file) => file.endsWith('.patch'))
		.map((file) => file.slice(0, -'.patch'.length))
		.sort();
}

/**
 * Copies what the simulation needs into a folder.
 *
 * @param mutation the bug that is planted; `undefined` for none
 * @returns the program of the simulation there
 */
export function plant(folder: string, mutation: string | undefined): URL {
	mkdirSync(folder, { recursive: true });
	for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true });
	symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
	if (mutation !== undefined) {
		const patch = parsePatch(readFileSync(join(patches, `${mutation}.patch`), 'utf8'));
		const path = join(folder, patch.path);
		writeFileSync(path, applyPatch(readFileSync(path, 'utf8'), patch));
	}
	return pathToFileURL(join(folder, 'tests/sim/main.ts'));
}
