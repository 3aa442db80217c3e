/** Every target for a moment with a seed that nobody chose, and whether the search finds what is there to be found. */
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { notLong, sizeOf, testUnless } from '../requirements.ts';
import { runProgram } from '../sim/run-program.ts';
import { targetNames } from './registry.ts';

const program = new URL('./main.ts', import.meta.url);

async function holds(args: readonly string[]): Promise<void> {
	const seed = randomInt(2 ** 31);
	const { code, output } = await runProgram(program, [...args, '--seed', String(seed)]);
	// With the seed, should it fail.
	process.stdout.write(output);
	for (const name of targetNames) expect(output).toContain(`\n${name} `);
	expect(code).toBe(0);
}

test(
	'what is promised of every parser holds, for a moment',
	() => holds(['--cases', '200', '--no-guidance']),
	900_000,
);

const [cases, seconds] = sizeOf({ ci: [20_000, 1], long: [100_000, 2] });

testUnless(
	notLong(),
	`what is promised of every parser holds, guided, for ${cases} inputs or ${seconds} s`,
	() => holds(['--cases', String(cases), '--seconds', String(seconds)]),
	900_000,
);

/** A corpus of one input for the planted bug. */
class PlantedCorpus implements Disposable {
	readonly folder = mkdtempSync(join(tmpdir(), 'pingpool-fuzz-test-'));

	constructor(input: string) {
		mkdirSync(join(this.folder, 'planted'));
		writeFileSync(join(this.folder, 'planted', 'input'), input);
	}

	[Symbol.dispose](): void {
		rmSync(this.folder, { recursive: true });
	}
}

// At once: one of them waits most of the time.
describe.concurrent('the search', () => {
	// With a seed: whether it finds that is no matter of luck.
	const search = ['planted', '--cases', '600000', '--seed', '2026'];

	testUnless(
		notLong(),
		'finds a bug behind five words in order',
		async () => {
			const { code, output } = await runProgram(program, search);
			expect(output).toContain('the planted bug');
			expect(code).toBe(1);
			// What it says is a command that does it again.
			const path = /--input (\S+)/.exec(output)![1]!;
			const again = await runProgram(program, ['planted', '--input', path]);
			expect(again.output).toContain('the planted bug');
			expect(again.code).toBe(1);
		},
		900_000,
	);

	testUnless(
		notLong(),
		'finds none of it blindly, in as many inputs',
		async () => {
			const { code, output } = await runProgram(program, [...search, '--no-guidance']);
			expect(output).not.toContain('the planted bug');
			expect(code).toBe(0);
		},
		900_000,
	);

	test('names the input that ends the process, and goes on with what is left', async () => {
		using corpus = new PlantedCorpus('open nine tall gates never');
		const { code, output } = await runProgram(program, [
			'planted',
			'tokens',
			'--cases',
			'100',
			'--corpus',
			corpus.folder,
		]);
		expect(output).toMatch(/planted: ends the process \(SIGABRT\)\n.*planted --input \S+/);
		expect(output).toMatch(/tokens +100 /);
		expect(code).toBe(1);
	});

	testUnless(notLong(), 'ends what hangs, and names the input', async () => {
		using corpus = new PlantedCorpus('open nine tall gates forever');
		const args = ['planted', '--cases', '100', '--corpus', corpus.folder];
		const { code, output } = await runProgram(program, args);
		expect(output).toMatch(/planted: hangs for more than \d+ ms/);
		expect(code).toBe(1);
	});
});
