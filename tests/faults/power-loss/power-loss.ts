/**
 * What would a loss of power leave? A process that writes a database through the real store is traced; at every
 * point of the trace the power may go, and then any of the writes that were not synced may be missing
 * (disk.ts). What is left is opened with the real store and compared with what the process had been told.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../../shared/random.ts';
import { casesOf } from './cases.ts';
import { problemsOf } from './check.ts';
import type { ScriptSize } from './script.ts';
import { createScript } from './script.ts';
import { traceFolder } from './trace.ts';

/** In memory, where there is such a place: the syncs of thousands of checks would take a disk minutes. */
const root = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const writer = fileURLToPath(new URL('./writer.ts', import.meta.url));

export interface PowerLossOptions {
	/** `off` never syncs: to see whether that is found */
	readonly durability: 'full' | 'normal' | 'off';
	readonly seed: number;
	readonly size: ScriptSize;
	/** the most points of the trace at which the power goes */
	readonly pointsMax: number;
	/** seeded choices of what is lost, at every point, beside all and nothing */
	readonly choices: number;
}

export interface PowerLossReport {
	readonly operations: number;
	readonly syncs: number;
	readonly images: number;
	/** what was lost when, and what is wrong then */
	readonly problems: readonly string[];
}

/** @throws Error when the process that is traced fails, or does what is not known here */
export async function losePower(options: PowerLossOptions): Promise<PowerLossReport> {
	const { durability, seed, size, pointsMax, choices } = options;
	const folder = mkdtempSync(join(root, 'pingpool-power-'));
	try {
		const script = createScript(seed, size);
		const disk = join(folder, 'disk');
		mkdirSync(disk);
		const command = [process.execPath, writer, join(disk, 'hosts.db'), durability, JSON.stringify(script)];
		const operations = await traceFolder(disk, join(folder, 'trace'), command);
		const commitsLast = durability !== 'normal';
		const search = { script, commitsLast, pointsMax, choices, random: createRandom(seed) };
		const problems: string[] = [];
		let images = 0;
		for (const { name, image, promised } of casesOf(operations, search)) {
			images += 1;
			const found = await problemsOf(image, join(folder, `image-${images}`), script, promised);
			problems.push(...found.map((problem) => `${name}: ${problem}`));
		}
		const syncs = operations.filter(({ type }) => type === 'sync' || type === 'sync-folder').length;
		return { operations: operations.length, syncs, images, problems };
	} finally {
		rmSync(folder, { recursive: true });
	}
}
