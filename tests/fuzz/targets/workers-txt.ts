/** workers.txt, and the files of tokens that workers read: what stands in them is never said again. */

import { parseWorkers } from '../../../master/workers-file.ts';
import { PingpoolError } from '../../../shared/errors.ts';
import type { Random } from '../../../shared/random.ts';
import { parseTokens } from '../../../worker/config.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { promise } from '../fuzz-target.ts';
import { choice, choiceBytes, hostText, hostWords, pick, promiseSafe, withChoices } from './pieces.ts';

const decoder = new TextDecoder();
const textOf = (input: Uint8Array): string => decoder.decode(input.subarray(choiceBytes));
/** no files are in it */
const folder = '/nonexistent/pingpool-fuzz';
const tokens = ['hunter2-hunter2', 'S3cret.Token~value+/==', '', 'kurz', 'zwölf-ist-keins'];
const pin = `sha256:${'0123456789abcdef'.repeat(4)}`;
/** What a token that is looked for has in it: others may be part of any sentence. */
const secretParts = ['hunter2', 'S3cret'];

function setting(random: Random): string {
	const key = pick(random, ['token', 'token', 'token', 'token-file', 'weight', 'pin', 'ca', 'tokn', 'Token']);
	if (key === 'weight') return `weight=${pick(random, ['1', '2.5', '0', '-1', '1e3', '.5', ''])}`;
	if (key === 'pin') return `pin=${pick(random, [pin, 'sha256:00', '', `${pin},${pin}`, `${pin},`])}`;
	if (key === 'ca') return `ca=${pick(random, ['ca.pem', ''])}`;
	return `${key}=${key === 'token-file' ? pick(random, ['worker.token', '']) : pick(random, tokens)}`;
}

function line(random: Random): string {
	const url = `${pick(random, ['http://', 'https://', 'HTTP://', ''])}${hostText(random).replace(/^[a-z]+:\/\//i, '')}${pick(random, ['', '/', '/a/b//', '?q', '#f'])}`;
	const settings = Array.from({ length: random.below(4) }, () => setting(random));
	return (
		[pick(random, [url, `http://10.0.0.${random.below(4)}:8786`]), ...settings].join(
			pick(random, [' ', '\t', '  ']),
		) + pick(random, ['', '', ' # comment', '\r'])
	);
}

/** Values that stand as a token and nowhere else. */
function secretsIn(text: string): string[] {
	const secrets = new Set<string>();
	let rest = '';
	for (const content of text.split('\n')) {
		const [first = '', ...words] = content.trim().split(/\s+/);
		rest += ` ${first}`;
		for (const word of words) {
			const value = /^token=(.*)$/su.exec(word)?.[1];
			if (value === undefined) rest += ` ${word}`;
			else if (secretParts.some((part) => value.includes(part))) secrets.add(value);
		}
	}
	return [...secrets].filter((secret) => !rest.includes(secret));
}

export const workersTxt: FuzzTarget = {
	name: 'workers-txt',
	modules: [
		'master/workers-file.ts',
		'master/workers-line.ts',
		'master/read-text.ts',
		'shared/display.ts',
		'shared/fingerprint.ts',
	],
	dictionary: [
		'token=',
		'token-file=',
		'weight=',
		'pin=',
		'ca=',
		pin,
		' ',
		'\n',
		'\r\n',
		'\t',
		'#',
		' #',
		...tokens,
		...hostWords,
	],
	generate: (random) =>
		withChoices(random, Array.from({ length: random.below(6) }, () => line(random)).join('\n')),
	run(input) {
		const text = textOf(input);
		const allowPlainHttp = choice(input, 0, [true, false]);
		let entries: ReturnType<typeof parseWorkers>;
		try {
			entries = parseWorkers(text, 'workers.txt', {
				folder,
				allowPlainHttp,
				token: choice(input, 1, [undefined, 'of-the-environment']),
			});
		} catch (error) {
			if (!(error instanceof PingpoolError)) throw error;
			promise(error.code === 'invalid-input', () => `fails as ${error.code}`);
			promise(error.message.length < 10_000, () => `fails in ${error.message.length} characters`);
			for (const part of error.message.split('\n')) promiseSafe(part);
			const said = secretsIn(text).find((secret) => error.message.includes(secret));
			promise(said === undefined, () => `says the token ${JSON.stringify(said)}: ${error.message}`);
			return;
		}
		promise(new Set(entries.map(({ url }) => url)).size === entries.length, 'a worker is there twice');
		for (const { url, token, weight, pins } of entries) {
			const { origin, pathname, search, hash, username, password } = new URL(url);
			promise(search + hash + username + password === '', () => `${url} has more than a path`);
			promise(
				/^https?:/.test(url) && origin + pathname.replace(/\/$/, '') === url,
				() => `${url} is not canonical`,
			);
			promise(token === undefined || /^[\x21-\x7e]+$/.test(token), 'a token can not be sent');
			promise(weight > 0 && weight < 1e7, () => `a weight of ${weight}`);
			promise(pins === undefined || url.startsWith('https:'), 'a pin without TLS');
		}
	},
};

export const tokenTexts: FuzzTarget = {
	name: 'tokens',
	modules: ['worker/config.ts'],
	dictionary: [...tokens, '\n', '\r\n', '=', ' ', '0123456789abcdefghijklmnopqrstuvwxyzABCDEFG', '\ufeff'],
	generate: (random) => {
		const token = (): string =>
			Array.from({ length: pick(random, [8, 43, 44, 64]) }, () => pick(random, [...'abcXYZ0189-_~./+'])).join(
				'',
			);
		return withChoices(random, Array.from({ length: 1 + random.below(3) }, token).join('\n'));
	},
	run(input) {
		const texts = textOf(input).split(/\r?\n/);
		try {
			const accepted = parseTokens(texts);
			promise(accepted.length >= 1 && accepted.length <= 2, () => `${accepted.length} tokens`);
			for (const token of accepted)
				promise(
					/^[\x21-\x7e]{16,}$/.test(token) && texts.some((text) => text.trim() === token),
					'a token is none',
				);
		} catch (error) {
			if (!(error instanceof PingpoolError)) throw error;
			promiseSafe(error.message);
			const said = texts
				.map((text) => text.trim())
				.find((text) => text.length > 16 && error.message.includes(text));
			promise(said === undefined, 'says a token');
		}
	},
};
