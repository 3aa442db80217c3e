/** Unit files of systemd, as far as the tests ask: sections, settings that may be given several times. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where a file of deploy/ lies. */
export function deployed(name: string): string {
	return fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
}

export class UnitFile {
	readonly #values = new Map<string, string[]>();

	/** @param paths the unit and its drop-ins, in order */
	constructor(...paths: readonly string[]) {
		for (const path of paths) {
			let section = '';
			for (const line of readFileSync(path, 'utf8').split('\n')) {
				if (line.trim() === '' || line.startsWith('#')) continue;
				const header = /^\[(\w+)\]$/.exec(line);
				if (header !== null) section = header[1]!;
				else this.#add(section, line, path);
			}
		}
	}

	#add(section: string, line: string, path: string): void {
		const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
		if (name === undefined) throw new Error(`${path}: ${line} is no setting`);
		const key = `${section}.${name}`;
		this.#values.set(key, [...(this.#values.get(key) ?? []), value!]);
	}

	/** Every value that a setting is given, in order. */
	all(section: string, name: string): readonly string[] {
		return this.#values.get(`${section}.${name}`) ?? [];
	}

	/** The value that counts of a setting that has one: the last. */
	last(section: string, name: string): string {
		return this.all(section, name).at(-1) ?? '';
	}
}
