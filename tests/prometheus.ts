/** Reads the text format of Prometheus as tests need it, and asks promtool what it thinks of it. */
import { spawnSync } from 'node:child_process';
import { withoutCommand } from './requirements.ts';

export interface PrometheusSample {
	/** with the suffixes of histograms */
	readonly name: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
}

const labelPattern = /([a-z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"/gi;
const linePattern = new RegExp(`^([a-z_:][\\w:]*)(?:\\{((?:${labelPattern.source},?)*)\\})? (\\S+)$`, 'i');

/** Every sample of a text; a line that is none, nor a comment, is an error. */
export function samplesOf(text: string): PrometheusSample[] {
	const samples: PrometheusSample[] = [];
	for (const line of text.split('\n')) {
		if (line === '' || line.startsWith('#')) continue;
		const found = linePattern.exec(line);
		if (found === null) throw new Error(`no line of metrics: ${line}`);
		const labels = Object.fromEntries(
			[...(found[2] ?? '').matchAll(labelPattern)].map(([, name, value]) => [name!, unescaped(value!)]),
		);
		samples.push({ name: found[1]!, labels, value: Number(found.at(-1)!.replace('Inf', 'Infinity')) });
	}
	return samples;
}

function unescaped(text: string): string {
	return text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

/** The sum of the samples with this name and these labels; `undefined` when there is none. */
export function sumOf(
	samples: readonly PrometheusSample[],
	name: string,
	labels: Readonly<Record<string, string>> = {},
): number | undefined {
	const found = samples.filter(
		(sample) =>
			sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
	);
	return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}

/** Why promtool can not be asked, or `undefined`. */
export const withoutPromtool = withoutCommand('promtool');

/** What promtool says of a text of metrics: nothing when there is nothing wrong with it. */
export function faultsOf(text: string): string {
	return promtool(['check', 'metrics'], text);
}

/** @returns what it complains about; empty when it ends well and says nothing on stderr */
export function promtool(args: readonly string[], input = ''): string {
	const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' });
	if (error !== undefined) throw error;
	if (status !== 0) return `${stdout}${stderr}` || `ended with ${status}`;
	return stderr;
}
