/**
 * The search: inputs in batches, each made anew by the target's generator or out of the corpus. A batch that ran
 * a block which none had before is run again by halves until the inputs that did it are alone; those join the
 * corpus. What was picked least often is picked first. Without guidance the corpus stays what it was at the start.
 */
import { createRandom } from '../../shared/random.ts';
import type { Coverage, Look } from './coverage.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { Broken } from './fuzz-target.ts';
import { crossed, mutated, tokensOf, withoutPiece } from './mutate.ts';

/** An input may take so long; measured again alone, in time of the processor, because a machine does other things. */
const slowMsMax = 50;
const measuredAgain = 5;
/** A look costs milliseconds, and finding the input that did something new the more, the larger its batch. */
const batchInputsMin = 8;
const batchInputsMax = 1_024;
const firstInputs = 64;
/** Of a longer one, most is ballast: a change at the right place, the only one that goes further, is rare in it. */
const trimmedBytesMin = 256;
const trimLooksMax = 32;
/** Findings after which a target is left: more of them say the same. */
const findingsMax = 10;
/** Bytes that the heap may grow by beyond the corpus, from a quarter of the run to its end. */
const growthBytesMax = 16 * 1024 * 1024;

export interface Finding {
	readonly input: Uint8Array;
	readonly problem: string;
}

export interface FuzzResult {
	readonly cases: number;
	readonly ms: number;
	readonly corpus: readonly Uint8Array[];
	readonly slowestMs: number;
	readonly grownBytes: number;
	readonly findings: readonly Finding[];
}

export interface FuzzOptions {
	readonly target: FuzzTarget;
	/** guides the search; without it the corpus stays what it was at the start */
	readonly coverage: Coverage | undefined;
	readonly seed: number;
	readonly casesMax: number;
	readonly msMax: number;
	/** inputs to start from, beside those that the target makes */
	readonly corpus: readonly Uint8Array[];
	/** called before every input: should it end the process, it is known which one did */
	readonly onInput: (input: Uint8Array) => void;
	/** called after every batch */
	readonly onBatch: (progress: { cases: number; corpus: number; findings: number }) => void;
}

interface Entry {
	readonly input: Uint8Array;
	picked: number;
}

export class Fuzzer {
	readonly #options: FuzzOptions;
	readonly #random;
	readonly #tokens: readonly Uint8Array[];
	readonly #entries: Entry[] = [];
	readonly #findings: Finding[] = [];
	/** by what it says: one of each kind is enough */
	readonly #known = new Set<string>();
	#slowestMs = 0;
	#batchInputs = batchInputsMin;
	#cases = 0;

	constructor(options: FuzzOptions) {
		this.#options = options;
		this.#random = createRandom(options.seed);
		this.#tokens = tokensOf(options.target.dictionary);
	}

	async run(): Promise<FuzzResult> {
		const { target, casesMax, msMax, corpus, onBatch, coverage } = this.#options;
		const startMs = performance.now();
		// What was run while the modules were loaded is nobody's merit.
		const loaded = coverage?.look();
		if (loaded !== undefined) coverage?.keep(loaded);
		const first = [...corpus];
		for (let i = 0; i < firstInputs; i += 1) first.push(target.generate(this.#random));
		await this.#batch(first);
		if (this.#entries.length === 0) for (const input of first) this.#entries.push({ input, picked: 0 });
		let settled = this.#heldBytes();
		let settledCases = 0;
		while (this.#cases < casesMax && performance.now() - startMs < msMax) {
			const length = Math.min(this.#batchInputs, casesMax - this.#cases);
			await this.#batch(Array.from({ length }, () => this.#next()));
			onBatch({ cases: this.#cases, corpus: this.#entries.length, findings: this.#findings.length });
			if (this.#findings.length >= findingsMax) break;
			const share = Math.max(this.#cases / casesMax, (performance.now() - startMs) / msMax);
			if (settledCases === 0 && share >= 1 / 4) {
				settled = this.#heldBytes();
				settledCases = this.#cases;
			}
		}
		const ms = performance.now() - startMs;
		const grownBytes = this.#heldBytes() - settled;
		if (grownBytes > growthBytesMax) {
			const problem = `grows: ${grownBytes} bytes in ${this.#cases - settledCases} cases`;
			this.#findings.push({ input: new Uint8Array(), problem });
		}
		const kept = this.#entries.map(({ input }) => input);
		const [cases, slowestMs] = [this.#cases, this.#slowestMs];
		return { cases, ms, corpus: kept, slowestMs, grownBytes, findings: this.#findings };
	}

	#next(): Uint8Array {
		const random = this.#random;
		const kind = random.below(8);
		if (kind === 0) return this.#options.target.generate(random);
		let input = kind === 1 ? this.#options.target.generate(random) : this.#pick();
		if (random.below(8) === 0) input = crossed(input, this.#pick(), random);
		return mutated(input, random, this.#tokens);
	}

	#pick(): Uint8Array {
		let best: Entry | undefined;
		for (let i = 0; i < 3; i += 1) {
			const entry = this.#entries[this.#random.below(this.#entries.length)]!;
			if (best === undefined || entry.picked < best.picked) best = entry;
		}
		best!.picked += 1;
		return best!.input;
	}

	async #batch(inputs: readonly Uint8Array[]): Promise<void> {
		const { coverage } = this.#options;
		for (const input of inputs) await this.#try(input);
		this.#cases += inputs.length;
		const look = coverage?.look();
		const { length } = inputs;
		this.#batchInputs = look === undefined ? Math.min(2 * length, batchInputsMax) : batchInputsMin;
		if (coverage === undefined || look === undefined) return;
		await this.#halve(coverage, inputs, look);
		// What did not run again was of the moment (a table that grew, say), and is no reason to look again.
		coverage.keep(look);
	}

	/** Finds the inputs of a batch that had something new in them. */
	async #halve(coverage: Coverage, inputs: readonly Uint8Array[], seen: Look): Promise<void> {
		if (inputs.length === 1) {
			const input = await this.#trimmed(coverage, inputs[0]!, seen);
			coverage.keep(seen);
			this.#entries.push({ input, picked: 0 });
			return;
		}
		const middle = inputs.length >> 1;
		for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
			for (const input of half) await this.#quietly(input);
			const look = coverage.look();
			if (look !== undefined) await this.#halve(coverage, half, look);
		}
	}

	/** What is left of an input when pieces without which it does all that is new in `seen` are taken out, large ones
	 * first. */
	async #trimmed(coverage: Coverage, input: Uint8Array, seen: Look): Promise<Uint8Array> {
		let kept = input;
		let looks = 0;
		for (let length = input.length >> 1; length > 0; length >>= 1) {
			for (let at = 0; at < kept.length && kept.length >= trimmedBytesMin; looks += 1) {
				if (looks === trimLooksMax) return kept;
				const shorter = withoutPiece(kept, at, length);
				await this.#quietly(shorter);
				const look = coverage.look();
				if (look !== undefined && coverage.hasNewOf(seen, look)) kept = shorter;
				else at += length;
			}
		}
		return kept;
	}

	async #try(input: Uint8Array): Promise<void> {
		const ms = await this.#timed(input);
		if (ms === undefined || ms <= this.#slowestMs) return;
		let least = ms;
		for (let i = 0; i < measuredAgain && least > this.#slowestMs; i += 1) {
			least = Math.min(least, (await this.#timed(input)) ?? 0);
		}
		this.#slowestMs = Math.max(this.#slowestMs, least);
		const { readings = 1, pieceBytes = Number.POSITIVE_INFINITY } = this.#options.target;
		const allowedMs = slowMsMax * readings * Math.max(1, Math.ceil(input.length / pieceBytes));
		if (least <= allowedMs) return;
		const before = process.threadCpuUsage();
		await this.#timed(input);
		const { user, system } = process.threadCpuUsage(before);
		const cpuMs = (user + system) / 1_000;
		if (cpuMs > allowedMs)
			this.#found(input, `takes ${cpuMs.toFixed(0)} ms; at most ${allowedMs} are allowed`);
	}

	/** @returns how long it took in ms, or `undefined` when it failed */
	async #timed(input: Uint8Array): Promise<number | undefined> {
		const { target, onInput } = this.#options;
		onInput(input);
		const startMs = performance.now();
		try {
			const running = target.run(input);
			if (running !== undefined) await running;
		} catch {
			this.#found(input, await this.#problem(input));
			return undefined;
		}
		return performance.now() - startMs;
	}

	async #quietly(input: Uint8Array): Promise<void> {
		this.#options.onInput(input);
		try {
			await this.#options.target.run(input);
		} catch {
			// It is known already.
		}
	}

	/** What an input throws, and from where. */
	async #problem(input: Uint8Array): Promise<string> {
		const { stackTraceLimit } = Error;
		Error.stackTraceLimit = 5;
		try {
			await this.#options.target.run(input);
		} catch (error) {
			if (error instanceof Broken) return error.message;
			if (!(error instanceof Error)) return `throws ${String(error)}`;
			const at = (error.stack ?? '')
				.slice(error.message.length)
				.match(/^\s+at .*$/m)?.[0]
				.trim();
			return `throws ${error.name}: ${error.message} (${at ?? 'from nowhere'})`;
		} finally {
			Error.stackTraceLimit = stackTraceLimit;
		}
		return 'fails, and not when it is run again';
	}

	#found(input: Uint8Array, problem: string): void {
		// Numbers and quoted parts differ from input to input.
		const kind = problem
			.replace(/"[^"]*"/g, '""')
			.replace(/[0-9]+/g, '0')
			.slice(0, 200);
		if (this.#known.has(kind)) return;
		this.#known.add(kind);
		this.#findings.push({ input: input.slice(), problem });
	}

	/** What is held for good, the corpus apart. */
	#heldBytes(): number {
		globalThis.gc?.();
		const { heapUsed, external } = process.memoryUsage();
		return heapUsed + external - this.#entries.reduce((sum, { input }) => sum + input.length, 0);
	}
}
