/**
 * Gives the memory of a typed array back at once. Left to the collector, which sees only the small object in
 * front of it, outgrown arrays pile up to more than what is in use.
 */
export function free(array: Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
	// A transfer detaches the old buffer, and what it is transferred to has no bytes.
	array.buffer.transfer(0);
}
