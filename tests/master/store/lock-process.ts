/** Takes a database as a master does, says `held` or why not, and keeps it until its standard input ends. */
import { lockForMaster } from '../../../master/store/master-lock.ts';

const [path, sinceMs] = process.argv.slice(2);
try {
	const lock = lockForMaster(path!, { pid: process.pid, host: 'alpha', sinceMs: Number(sinceMs) });
	process.stdout.write('held\n');
	process.stdin.resume().once('end', () => {
		lock.release();
		process.stdout.write('released\n');
	});
} catch (error) {
	process.stdout.write(`${(error as Error).message}\n`);
}
