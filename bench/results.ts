/** Where figures are kept: JSON files in bench/results, and the tables in bench/README.md. */
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PingpoolError, systemErrorCode } from '../shared/errors.ts';
import { machineText } from './machine.ts';
import type { PartReport } from './report.ts';
import { reportMarkdown } from './report.ts';

const resultsFolder = fileURLToPath(new URL('./results/', import.meta.url));
const latestPath = `${resultsFolder}latest.json`;
const readmePath = fileURLToPath(new URL('./README.md', import.meta.url));

/** Between these lines, bench/README.md is written by --write-readme. */
export const markers = {
	begin: '<!-- from here on written by: npm run bench -- --write-readme -->',
	end: '<!-- up to here -->',
} as const;

/** @returns `…/bench/results/20260102T030405Z-0123abc.json` */
export function usualPath(measuredAt: string, commit: string): string {
	return `${resultsFolder}${measuredAt.replace(/[-:]|\.\d+/g, '')}-${commit.replace('+', '-changed')}.json`;
}

/** Tells before hours of measuring whether the figures can be kept. @throws PingpoolError `usage` when not */
export function checkWritable(path: string): void {
	try {
		mkdirSync(dirname(path), { recursive: true });
		closeSync(openSync(path, 'a'));
	} catch (error) {
		const why = systemErrorCode(error) ?? String(error);
		throw new PingpoolError('usage', `--json: ${path} can not be written: ${why}`, { cause: error });
	}
}

export function writeJson(path: string, reports: readonly PartReport[]): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, `${JSON.stringify({ parts: reports }, undefined, '\t')}\n`);
}

/**
 * Puts reports in the place of older ones of the same parts, so that a table can be measured part by part.
 *
 * @param order names of all parts
 */
export function mergeReports(
	older: readonly PartReport[],
	newer: readonly PartReport[],
	order: readonly string[],
): PartReport[] {
	const byName = new Map([...older, ...newer].map((report) => [report.name, report]));
	return order.flatMap((name) => byName.get(name) ?? []);
}

/** A README with its marked section replaced. */
export function withTables(readme: string, reports: readonly PartReport[]): string {
	const begin = readme.indexOf(markers.begin);
	const end = readme.indexOf(markers.end);
	if (begin === -1 || end < begin)
		throw new PingpoolError('internal', 'bench/README.md has lost its markers');
	const machines = [...new Set(reports.map(({ machine }) => machineText(machine)))];
	const body = [machines.join('\n\n'), ...reports.map(reportMarkdown)]
		.join('\n\n')
		.replace(/\n{3,}/g, '\n\n')
		.trim();
	return `${readme.slice(0, begin + markers.begin.length)}\n\n${body}\n\n${readme.slice(end)}`;
}

/** Writes bench/results/latest.json and bench/README.md. */
export function writeLatest(reports: readonly PartReport[], order: readonly string[]): void {
	const merged = mergeReports(readLatest(), reports, order);
	writeJson(latestPath, merged);
	writeFileSync(readmePath, withTables(readFileSync(readmePath, 'utf8'), merged));
}

function readLatest(): PartReport[] {
	try {
		return (JSON.parse(readFileSync(latestPath, 'utf8')) as { parts: PartReport[] }).parts;
	} catch (error) {
		if (systemErrorCode(error) === 'ENOENT') return [];
		throw error;
	}
}
