/** A program in the place of a confined worker, as if somebody had taken it over: what it tries, and what it gets. */

/** Runs inside; prints for each attempt the code of its failure, or `done`. */
const attempts = `
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const run = (path) => { const { error } = spawnSync(path, ['-c', 'true']); if (error) throw error; };
const tries = {
	'start a shell': () => run('/bin/sh'),
	'start ping': () => run('/usr/bin/ping'),
	'start what it wrote': () => {
		fs.writeFileSync('/tmp/program', '#!/bin/sh', { mode: 0o700 });
		run('/tmp/program');
	},
	'load what it wrote': () => {
		const folder = '/opt/pingpool/node_modules/better-sqlite3/prebuilds/';
		fs.copyFileSync(folder + 'linux-' + process.arch + '.node', '/tmp/library.node');
		process.dlopen({ exports: {} }, '/tmp/library.node');
	},
	'write into the system': () => fs.writeFileSync('/etc/pingpool', ''),
	'change its own program': () => fs.appendFileSync('/opt/pingpool/bin/pingpool.cjs', ''),
	'write its state': () => fs.writeFileSync('/var/lib/pingpool-worker/other', ''),
	'become root': () => process.setuid(0),
	'see process 1': () => fs.readFileSync('/proc/1/status'),
	'see kernel settings': () => fs.readFileSync('/proc/sys/kernel/hostname'),
	'read homes': () => fs.readdirSync('/root'),
};
const outcomes = Object.entries(tries).map(([name, attempt]) => {
	try {
		attempt();
		return [name, 'done'];
	} catch (error) {
		return [name, error.code];
	}
});
process.stdout.write(JSON.stringify(Object.fromEntries(outcomes)));
`;

/** Arguments for node. */
export const intruder = ['-e', attempts];
