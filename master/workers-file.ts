export interface WorkerEntry {
	/** origin and path, without a trailing slash: what `/ping` is put behind */
	readonly url: string;
	readonly token: string | undefined;
	/** share of the work relative to the others; above 0 */
	readonly weight: number;
	/** line of the file, counted from 1 */
	readonly line: number;
}
