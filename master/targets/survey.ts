/**
 * The first walk over a list: every line is judged, duplicates and excluded targets are found, and what was
 * decided is written down in a form that later walks need no sets for (skip-runs.ts).
 */
import { createHash } from 'node:crypto';
import { quote } from '../../shared/display.ts';
import { PingpoolError } from '../../shared/errors.ts';
import { targetsPerRunMax } from '../../shared/limits.ts';
import type { AddressRange, ProbeName, Target } from '../../shared/target.ts';
import { addressTextAt, parseTarget, probeOf } from '../../shared/target.ts';
import { pagePositions } from '../dispatch/rules/ledger.ts';
import { Denials } from './denials.ts';
import type { ExcludeList } from './exclude-list.ts';
import { readExcludeList } from './exclude-list.ts';
import { KeyedHash } from './keyed-hash.ts';
import { LineCursor, lineKinds } from './line-cursor.ts';
import type { ListFile } from './list-file.ts';
import { PageMarks } from './page-marks.ts';
import { Problems } from './problems.ts';
import { SkipRuns } from './skip-runs.ts';
import { isBare, TargetSet } from './target-set.ts';

/** Part of every fingerprint: raised when the same list would give other targets or another order. */
const fingerprintVersion = 'pingpool list 1';

export interface SurveyOptions {
	readonly file: ListFile;
	readonly excludePath: string | undefined;
	readonly probe: ProbeName;
	readonly check: (target: Target) => string | undefined;
	readonly hashKey: Uint32Array;
	readonly tempDir: string | undefined;
	readonly signal: AbortSignal;
	readonly onBytes: (bytes: number) => void;
}

export class Survey {
	readonly perProbe: Record<ProbeName, number> = { icmp: 0, tcp: 0, http: 0 };
	duplicates = 0;
	excluded = 0;
	fingerprint = '';
	readonly skips = new SkipRuns();
	readonly marks = new PageMarks();
	readonly problems: Problems;
	/** of the targets, those that workers deny unless told otherwise */
	readonly denials: Denials;
	readonly #options: SurveyOptions;
	readonly #cursor: LineCursor;
	#bareJudged = false;
	#bareProblem: string | undefined;
	#rangeSkipped = 0;
	/** of the range at hand, addresses that have been judged */
	#rangeOffset = 0;
	/** whether any of its addresses is denied */
	#rangeTouched = false;
	#accepted = 0;

	constructor(options: SurveyOptions) {
		this.#options = options;
		this.problems = new Problems(options.file.name);
		this.denials = new Denials(options.probe);
		this.#cursor = new LineCursor(options.file);
	}

	get total(): number {
		return this.perProbe.icmp + this.perProbe.tcp + this.perProbe.http;
	}

	/** @throws PingpoolError `invalid-input`, or the signal's reason */
	async run(): Promise<void> {
		const { file, excludePath, probe, hashKey, tempDir, signal, onBytes } = this.#options;
		const hash = new KeyedHash(hashKey);
		const seen = new TargetSet(hash);
		const exclude =
			excludePath === undefined
				? undefined
				: await readExcludeList(excludePath, seen, { hash, tempDir, signal });
		const digest = createHash('sha256').update(`${fingerprintVersion}\n${probe}\n${exclude?.digest}\n`);
		const cursor = this.#cursor;
		for (;;) {
			const kind = cursor.next();
			if (kind === lineKinds.ipv4) this.#ipv4(seen, exclude);
			else if (kind === lineKinds.name) this.#name(seen, exclude);
			else if (kind === lineKinds.target) this.#target(cursor.target!, seen, exclude);
			else if (kind === lineKinds.range) this.#range(cursor.range!, seen, exclude);
			else if (kind === lineKinds.problem) this.problems.add(cursor.line, cursor.problem);
			else if (kind === lineKinds.end) break;
			else {
				signal.throwIfAborted();
				digest.update(await cursor.fill());
				onBytes(cursor.position);
			}
		}
		seen.free();
		this.skips.end();
		this.fingerprint = digest.digest('hex');
		await file.checkUnchanged();
		if (this.total >= targetsPerRunMax) {
			throw new PingpoolError('invalid-input', `${file.name} has ${this.total} targets`, {
				hint: `A run has at most ${targetsPerRunMax - 1}: split the list.`,
			});
		}
	}

	#ipv4(seen: TargetSet, exclude: ExcludeList | undefined): void {
		const cursor = this.#cursor;
		if (!this.#bareJudged) this.#judgeBare(parseTarget(cursor.text));
		if (this.#bareProblem !== undefined) this.#refuse(quote(cursor.text), this.#bareProblem);
		else if (exclude?.hasIpv4(cursor.ipv4)) this.#exclude();
		else {
			const isNew = seen.ipv4.add(cursor.ipv4);
			if (isNew) this.denials.addIpv4(cursor.ipv4);
			this.#accept(isNew, this.#options.probe);
		}
	}

	#name(seen: TargetSet, exclude: ExcludeList | undefined): void {
		const cursor = this.#cursor;
		const { bytes, start, end } = cursor;
		if (!this.#bareJudged) this.#judgeBare(parseTarget(cursor.text));
		if (this.#bareProblem !== undefined) this.#refuse(quote(cursor.text), this.#bareProblem);
		else if (exclude?.hasName(bytes, start, end)) this.#exclude();
		else this.#accept(seen.addText(bytes, start, end), this.#options.probe);
	}

	#target(target: Target, seen: TargetSet, exclude: ExcludeList | undefined): void {
		const { check, probe } = this.#options;
		const bare = isBare(target);
		if (bare && !this.#bareJudged) this.#judgeBare(target);
		const problem = bare ? this.#bareProblem : check(target);
		if (problem !== undefined) this.#refuse(quote(target.text), problem);
		else if (exclude?.has(target)) this.#exclude();
		else {
			const isNew = seen.addTarget(target);
			const { address } = target;
			if (isNew && address !== undefined) this.denials.add(address, probeOf(target, probe));
			this.#accept(isNew, probeOf(target, probe));
		}
	}

	#range(range: AddressRange, seen: TargetSet, exclude: ExcludeList | undefined): void {
		const first = addressTextAt(range, 0);
		if (!this.#bareJudged) this.#judgeBare(parseTarget(first));
		if (this.#bareProblem !== undefined) {
			this.#refuse(`the range from ${quote(first)}`, this.#bareProblem, range.count);
			return;
		}
		this.#rangeSkipped = 0;
		this.#rangeOffset = 0;
		this.#rangeTouched = this.denials.touches(range);
		seen.addRange(range, this.#takeRun);
		const excluded = this.#rangeSkipped === 0 ? 0 : (exclude?.countRange(range) ?? 0);
		this.perProbe[this.#options.probe] += range.count - this.#rangeSkipped;
		this.excluded += excluded;
		this.duplicates += this.#rangeSkipped - excluded;
	}

	readonly #takeRun = (isNew: boolean, count: number): void => {
		if (!isNew) {
			this.skips.add(false, count);
			this.#rangeSkipped += count;
			this.#rangeOffset += count;
			return;
		}
		if (this.#rangeTouched) this.denials.addRange(this.#cursor.range!, this.#rangeOffset, count);
		for (let left = count; left > 0; ) {
			const piece = Math.min(left, pagePositions - (this.#accepted % pagePositions));
			this.skips.add(true, piece);
			this.#rangeOffset += piece;
			this.#accepted += piece;
			left -= piece;
			if (this.#accepted % pagePositions === 0) this.#markInRange();
		}
	};

	#markInRange(): void {
		const { line, lineByte } = this.#cursor;
		const rangeOffset = this.#rangeOffset;
		this.marks.add({ byte: lineByte, lines: line - 1, rangeOffset, skipByte: this.skips.mark() });
	}

	/** All bare hosts are judged alike, and then not again: there may be ten million. */
	#judgeBare(target: Target): void {
		this.#bareJudged = true;
		this.#bareProblem = this.#options.check(target);
	}

	#accept(isNew: boolean, probe: ProbeName): void {
		this.skips.add(isNew, 1);
		if (!isNew) {
			this.duplicates += 1;
			return;
		}
		this.perProbe[probe] += 1;
		this.#accepted += 1;
		if (this.#accepted % pagePositions > 0) return;
		const { line, nextLineByte } = this.#cursor;
		this.marks.add({ byte: nextLineByte, lines: line, rangeOffset: 0, skipByte: this.skips.mark() });
	}

	#exclude(): void {
		this.skips.add(false, 1);
		this.excluded += 1;
	}

	/** A well-formed entry that can not be pinged: a problem, and candidates that are left out. */
	#refuse(shown: string, problem: string, count = 1): void {
		this.problems.add(this.#cursor.line, `${shown} ${problem}`);
		this.skips.add(false, count);
	}
}
