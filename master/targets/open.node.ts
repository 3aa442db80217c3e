/** Opens a target list: surveys it, or says what is wrong with it, and then hands it out batch by batch. */
import { randomBytes } from 'node:crypto';
import { PingpoolError } from '../../shared/errors.ts';
import { openListFile } from './list-file.ts';
import { Survey } from './survey.ts';
import type { TargetList, TargetListOptions } from './target-list.ts';
import { walk } from './walk.ts';

/**
 * Reads the list once: checks every line, finds duplicates, counts, and leaves it ready to be walked.
 *
 * @returns a list that must be closed
 * @throws PingpoolError `invalid-input`: the list can not be read, has lines that are no targets (without
 *   `skipInvalid`), or has no host in it; or the signal's reason
 */
export async function openTargetList({
	input,
	excludePath,
	probe,
	skipInvalid = false,
	check = () => undefined,
	hashKey = randomKey(),
	tempDir,
	signal,
	onProgress = () => {},
}: TargetListOptions): Promise<TargetList> {
	signal.throwIfAborted();
	const file = await openListFile(input, {
		tempDir,
		signal,
		onBytes: (bytes) => onProgress({ bytes, bytesTotal: undefined }),
	});
	try {
		const onBytes = (bytes: number): void => onProgress({ bytes, bytesTotal: file.sizeBytes });
		const survey = new Survey({ file, excludePath, probe, check, hashKey, tempDir, signal, onBytes });
		await survey.run();
		const { problems, total, perProbe, duplicates, excluded, fingerprint, skips, marks } = survey;
		if (problems.count > 0 && !skipInvalid) {
			throw problems.error('Mend the list, or go on without these lines with --skip-invalid.');
		}
		if (total === 0) throw emptyList(file.name, problems.count, excluded);
		return {
			total,
			perProbe,
			invalid: problems.count,
			problems: problems.shown,
			duplicates,
			excluded,
			denied: survey.denials.counts,
			fingerprint,
			batches: (walkSignal, isDone = () => false) =>
				walk({ file, skips, marks, total, probe, signal: walkSignal, isDone }),
			close: () => file.close(),
		};
	} catch (error) {
		await file.close();
		throw error;
	}
}

function randomKey(): Uint32Array {
	const bytes = randomBytes(16);
	return Uint32Array.from({ length: 4 }, (_, i) => bytes.readUInt32LE(4 * i));
}

function emptyList(name: string, invalid: number, excluded: number): PingpoolError {
	if (excluded > 0) {
		return new PingpoolError('invalid-input', `${name} has no hosts in it but excluded ones`, {
			hint: 'Look at the exclude file: it names all of them.',
		});
	}
	const valid = invalid > 0 ? 'valid ' : '';
	return new PingpoolError('invalid-input', `${name} has no ${valid}hosts in it`, {
		hint: 'Write one host per line: an address, a name, a CIDR as 10.0.0.0/24, host:port or a URL.',
	});
}
