/**
 * Becomes another program that is confined as systemd would by SystemCallFilter and RestrictAddressFamilies: by
 * libseccomp, which systemd uses as well.
 *
 *   node confine.ts '{"systemCalls":["read",…],"families":[2,10]}' COMMAND ARGUMENT…
 */
import koffi from 'koffi';

const { systemCalls, families } = JSON.parse(process.argv[2]!) as {
	readonly systemCalls: readonly string[];
	/** numbers of the families that sockets may have */
	readonly families: readonly number[];
};
const [command, ...args] = process.argv.slice(3);

const eperm = 1;
const actionAllow = 0x7fff0000;
const actionErrno = 0x00050000;
const compareEqual = 4;

const libseccomp = koffi.load('libseccomp.so.2');
// struct scmp_arg_cmp, which is passed by its address here
const comparison = koffi.struct({ arg: 'uint', op: 'int', a: 'uint64', b: 'uint64' });
const init = libseccomp.func('void *seccomp_init(uint32_t)');
const resolve = libseccomp.func('int seccomp_syscall_resolve_name(const char *)');
const addRule = libseccomp.func('seccomp_rule_add_array', 'int', [
	'void *',
	'uint32_t',
	'int',
	'uint',
	koffi.pointer(comparison),
]);
const load = libseccomp.func('int seccomp_load(void *)');

const filter: unknown = init(actionErrno | eperm);
for (const name of systemCalls) {
	const number: number = resolve(name);
	// Negative: of another architecture, or newer than this library.
	if (number < 0 || name === 'socket') continue;
	check(addRule(filter, actionAllow, number, 0, null), name);
}
const socket: number = resolve('socket');
for (const family of families) {
	check(
		addRule(filter, actionAllow, socket, 1, [{ arg: 0, op: compareEqual, a: family, b: 0 }]),
		`socket of family ${family}`,
	);
}
check(load(filter), 'the filter');
process.execve!(command!, [command!, ...args], process.env);

function check(result: number, what: string): void {
	if (result !== 0) throw new Error(`libseccomp refuses ${what}: ${result}`);
}
