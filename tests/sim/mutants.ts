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
 * @returns a file of the project with a bug in it
 * @throws Error when the patch does not fit
 */
export function mutated(mutation: string): { readonly path: string; readonly content: string } {
	const patch = parsePatch(readFileSync(join(patches, `${mutation}.patch`), 'utf8'));
	return { path: patch.path, content: applyPatch(readFileSync(join(root, patch.path), 'utf8'), patch) };
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
		const { path, content } = mutated(mutation);
		writeFileSync(join(folder, path), content);
	}
	return pathToFileURL(join(folder, 'tests/sim/main.ts'));
}
