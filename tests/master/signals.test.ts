import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const signals = fileURLToPath(new URL('../../master/signals.ts', import.meta.url));

/** Listens for signals, says so at each, and can not leave: as with a thread that is in a call that does not return. */
const program = `
import { writeSync } from 'node:fs';
import { onSignals } from ${JSON.stringify(signals)};
const { signal } = onSignals();
signal.addEventListener('abort', () => writeSync(1, 'asked to stop\\n'));
process.on('exit', () => {
	writeSync(1, 'leaves\\n');
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
setInterval(() => undefined, 60_000);
writeSync(1, 'listens\\n');
`;

it('a third signal ends what can not leave', async () => {
	const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	try {
		const exit = once(child, 'exit');
		for (const line of ['listens', 'asked to stop', 'leaves']) {
			const [said] = await Promise.race([once(child.stdout, 'data'), exit]);
			expect(String(said)).toBe(`${line}\n`);
			child.kill('SIGINT');
		}
		expect(await exit).toEqual([null, 'SIGINT']);
	} finally {
		child.kill('SIGKILL');
	}
});
