/**
 * CPU time of this thread so far, in ms: what work costs, whatever else the machine does meanwhile. Only differences
 * mean something.
 */
export function cpuMs(): number {
	const { user, system } = process.threadCpuUsage();
	return (user + system) / 1_000;
}
