/** What was opened for a run, closed at its end. */
export type Closer = () => void | Promise<void>;

/**
 * Closes what was opened, the last first. One that fails keeps none of the others open: a worker of ours that
 * stays would keep this process from ending.
 *
 * @param closers empty afterwards
 * @throws the first failure
 */
export async function closeAll(closers: Closer[]): Promise<void> {
	const failures: unknown[] = [];
	for (const close of closers.splice(0).reverse()) {
		try {
			await close();
		} catch (error) {
			failures.push(error);
		}
	}
	if (failures.length > 0) throw failures[0];
}
