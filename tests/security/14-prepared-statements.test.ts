/** Requirement 14: no value becomes part of SQL, and nobody else reads what we keep. */
import { chmodSync, existsSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rowFilter } from '../../master/query/row-filter.ts';
import { DatabaseWords } from '../../master/query/words.ts';
import { openDatabase, openToRead } from '../../master/store/open-database.ts';
import { openSqliteStore } from '../../master/store/sqlite.ts';
import { durabilities } from '../../master/store/store.ts';
import { hostColumn } from '../../shared/host-column.ts';
import { Workspace } from '../e2e/command-line.ts';
import { addRun, tamper } from '../master/export/export-fixture.ts';
import { testUnless, withoutPermissions } from '../requirements.ts';
import { argumentsOf, sourcesOf } from './sources.ts';

let space: Workspace;
beforeEach(() => {
	space = new Workspace();
});
afterEach(() => space[Symbol.dispose]());

const injections = [
	"'); DROP TABLE hosts;--",
	"' OR '1'='1",
	'"; DROP TABLE answers; --',
	"x' UNION SELECT options FROM runs --",
	"a'||(SELECT name FROM workers)||'",
	'?1',
	':base',
	'@base',
	'$base',
	"\\'; DELETE FROM runs; --",
	'`; DROP VIEW results; --',
	'%_[a-z]*?',
	'NULL --',
	"a\0'; DROP TABLE answers; --",
];

describe('14: hosts that are SQL', () => {
	it('from a database of the old system are texts, and stay what they are', async () => {
		space.change('CREATE TABLE hosts (host TEXT PRIMARY KEY, status TEXT)');
		tamper(
			space.path('hosts.db'),
			injections.map((host, i) => ['INSERT INTO hosts VALUES (?, ?)', host, i % 2 === 0 ? 'up' : host]),
		);
		await openSqliteStore({ path: space.path('hosts.db') }).close();
		const rows = space.rows<{ host: string; status: string }>(
			'SELECT host, status FROM results ORDER BY position',
		);
		expect(rows.map(({ host }) => host)).toEqual(injections);
		expect(rows.map(({ status }) => status)).toEqual(
			injections.map((_, i) => (i % 2 === 0 ? 'up' : 'error')),
		);
		expect(
			space.rows('SELECT host FROM hosts_before_pingpool ORDER BY rowid').map(({ host }) => host),
		).toEqual(injections);
		expect(
			space
				.rows("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name")
				.map(({ name }) => name),
		).toEqual([
			'answers',
			'events',
			'hosts',
			'hosts_before_pingpool',
			'reasons',
			'results',
			'run_summaries',
			'runs',
			'statuses',
			'workers',
		]);
		expect(space.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
	});

	it('in answers, and workers and settings that are SQL, too', async () => {
		const path = space.path('hosts.db');
		const store = openSqliteStore({ path });
		const length = injections.length;
		for (const injection of injections) {
			const runId = await store.startRun({
				startedAtMs: 1,
				total: length,
				fingerprint: injection,
				options: { [injection]: injection },
			});
			const numbers = Uint32Array.from(injections, (_, i) => i);
			await store.append({
				runId,
				worker: injection,
				checkedAtMs: 1,
				positions: numbers,
				hosts: hostColumn(injections),
				block: {
					length,
					index: numbers,
					status: new Uint8Array(length),
					reason: new Uint8Array(length),
					address: injections.toReversed(),
					sent: new Uint16Array(length).fill(1),
					received: new Uint16Array(length).fill(1),
					rttMs: new Float64Array(length).fill(1),
					rtt: undefined,
				},
			});
			await store.finishRun(runId, { state: 'finished', finishedAtMs: 2 });
		}
		await store.close();
		const rows = space.rows<Record<string, string>>(
			'SELECT host, worker, address FROM results ORDER BY run_id, position',
		);
		expect(rows).toEqual(
			injections.flatMap((worker) =>
				injections.map((host, i) => ({ host, worker, address: injections.at(-1 - i)! })),
			),
		);
		expect(
			space.rows('SELECT fingerprint FROM runs ORDER BY id').map(({ fingerprint }) => fingerprint),
		).toEqual(injections);
		const { stdout } = await space.run(['export', '--format', 'jsonl', '--run', '1']);
		expect(
			stdout
				.trimEnd()
				.split('\n')
				.map((line) => JSON.parse(line).host),
		).toEqual(injections);
	});

	it('in a schema of somebody else can do no more than they could themselves', async () => {
		const path = space.path('hosts.db');
		await addRun(path, { rows: 1 });
		const options = { onNotice: () => undefined, busyTimeoutMs: 100, durability: 'normal' } as const;
		for (const db of [openDatabase(path, options), openToRead(path, 100)]) {
			expect(db.pragma('trusted_schema', { simple: true })).toBe(0);
			db.close();
		}
	});
});

describe('14: questions that are SQL', () => {
	it('are parameters of a condition, which is the same for every text', async () => {
		const path = space.path('hosts.db');
		await addRun(path, { rows: 1 });
		const db = openToRead(path, 100);
		try {
			const words = new DatabaseWords(db);
			words.refresh();
			const none = { statuses: [], reasons: [], workers: [], prefix: undefined, text: undefined };
			for (const injection of injections) {
				const text = rowFilter({ ...none, text: injection }, words);
				expect(['instr(lower(host), lower(?))', 'instr(host, lower(?))']).toContain(text.sql);
				expect(text.params).toEqual([injection]);
				// Words are looked up, and stand as the numbers that the database has for them.
				const kinds = rowFilter({ ...none, reasons: [injection, 'timeout'], workers: [injection] }, words);
				expect(kinds.sql).toMatch(/^\(\(outcome >> 3\) & 127\) IN \(\d+\) AND \(outcome >> 30\) IN \(\)$/);
				expect(() => rowFilter({ ...none, prefix: injection }, words)).toThrow('a block of addresses');
			}
		} finally {
			db.close();
		}
	});
});

describe('14: the sources', () => {
	const sources = sourcesOf('master/**/*.ts').filter(({ text }) => text.includes("'better-sqlite3'"));

	/** What may stand in SQL between ${ and }, by name: constants of the same file, or imported from these. */
	const constantFiles = [
		"'./schema.ts'",
		"'../store/schema.ts'",
		"'./outcome-code.ts'",
		"'../store/outcome-code.ts'",
		"'../answer-columns.ts'",
		"'../store/answer-row.ts'",
		"'./result-rows.ts'",
	];
	/** What is no constant by its looks, and the line of the same file by which it can be nothing else. */
	const exceptions: Readonly<Record<string, string>> = {
		durability: 'readonly durability: Durability;',
		"texts.map(asBytes).join(', ')": `...wanted.map((name) => columns[name])];`,
		"asBytes('group_concat(id - CAST(? AS INTEGER))')": `return \`CAST(\${sql} AS BLOB)\`;`,
		"asBytes('host')": `return \`CAST(\${sql} AS BLOB)\`;`,
		name: "const name = shownSql('name');",
		// Its condition is that of a filter: see the questions above.
		rows: `const rows = \`FROM answers NOT INDEXED WHERE id >= ? AND id < ?\${where === '' ? '' : \` AND (\${where})\`}\`;`,
		condition: `const condition = filter.sql === '' ? '' : \`AND \${filter.sql}\`;`,
		value: `const value = \`CAST(\${column} AS INTEGER)\`;`,
		behind: "const [behind, notBehind] = sign > 0 ? ['>=', '<='] : ['<=', '>='];",
		notBehind: "const [behind, notBehind] = sign > 0 ? ['>=', '<='] : ['<=', '>='];",
		'this.#name': `this.#name = \`temp.changes_\${tables}\`;`,
		status: 'const { status } = outcomeSql;',
		"columns.join(', ')": 'const columns = shapes[shape];',
		"new Array(count).fill(row).join(', ')": "columns.map(() => '?').join(', ')})`;",
	};

	function isConstant(expression: string, { text }: { readonly text: string }): boolean {
		const line = exceptions[expression];
		if (line !== undefined) return text.includes(line);
		const [name] = /^\w+(?=(?:\.\w+)?$)/.exec(expression) ?? [];
		if (name === undefined) return false;
		const own = new RegExp(
			`^(?:export )?const ${name}(?:: number)? = (?:[0-9]|'|\`|migrations\\.length;)`,
			'm',
		);
		const imported = new RegExp(
			`^import \\{[^}]*\\b${name}\\b[^}]*\\} from (?:${constantFiles.join('|')});`,
			'm',
		);
		return own.test(text) || imported.test(text);
	}

	it('are those that have a database in them', () => {
		expect(sources.map(({ path }) => path)).toContain('master/store/sqlite.ts');
		expect(sources.length).toBeGreaterThan(7);
		expect(durabilities).toEqual(['full', 'normal']);
	});

	it('give every statement as a text of theirs, in which nothing but constants is put', () => {
		let statements = 0;
		for (const source of sources) {
			for (const given of argumentsOf(source.text, /\.(?:prepare|exec|pragma)(?:<[^;(]*?>)?\(/g)) {
				statements += 1;
				// The one text that is passed on is a migration, from a list of them in the same file.
				if (given === 'migration') {
					expect(source.text).toMatch(/^const migrations: readonly string\[\] = \[/m);
					continue;
				}
				expect(given, source.path).toMatch(/^(?:'[^']*'|`[^`]*`)(?:,? ?\{ simple: true \})?,?$/);
				for (const [, name] of given.matchAll(/\$\{([^}]*)\}/g)) {
					expect(isConstant(name!, source), `${source.path}: \${${name}} in SQL`).toBe(true);
				}
			}
		}
		expect(statements).toBeGreaterThan(40);
	});
});

describe('14: the files', () => {
	testUnless(
		withoutPermissions(),
		'are their owner’s alone, whatever the umask says, while they are open and afterwards',
		async () => {
			const path = space.path('hosts.db');
			const before = process.umask(0);
			try {
				const store = openSqliteStore({ path });
				await store.startRun({ startedAtMs: 1, total: 0, fingerprint: '', options: {} });
				const beside = ['', '-wal', '-shm', '-master'];
				expect(beside.map((suffix) => statSync(path + suffix).mode & 0o777)).toEqual(beside.map(() => 0o600));
				await store.close();
				expect(beside.map((suffix) => existsSync(path + suffix))).toEqual([true, false, false, false]);
				await space.run(['export', '-o', 'out.csv']);
				expect(statSync(space.path('out.csv')).mode & 0o777).toBe(0o600);
			} finally {
				process.umask(before);
			}
		},
	);

	testUnless(
		withoutPermissions(),
		'keep the mode that somebody gave them, and those beside them get it',
		async () => {
			const path = space.path('hosts.db');
			await addRun(path, { rows: 1 });
			chmodSync(path, 0o640);
			const store = openSqliteStore({ path });
			await store.startRun({ startedAtMs: 1, total: 0, fingerprint: '', options: {} });
			expect(['', '-wal', '-shm'].map((suffix) => statSync(path + suffix).mode & 0o777)).toEqual([
				0o640, 0o640, 0o640,
			]);
			await store.close();
		},
	);
});
