/** Cuts a stream of bytes into lines of UTF-8 text without holding more than one unfinished line. */
export interface LineSplitter {
	/** @returns the lines that these bytes complete, or `undefined` when the unfinished one is too long */
	push(bytes: Uint8Array): string[] | undefined;
}

/** @param lineBytesMax longest line */
export function lineSplitter(lineBytesMax: number): LineSplitter {
	const decoder = new TextDecoder();
	let unfinished: string[] = [];
	let unfinishedBytes = 0;
	return {
		push(bytes) {
			const end = bytes.lastIndexOf(10);
			if (end < 0) {
				unfinished.push(decoder.decode(bytes, { stream: true }));
				unfinishedBytes += bytes.length;
				return unfinishedBytes > lineBytesMax ? undefined : [];
			}
			const text = unfinished.join('') + decoder.decode(bytes.subarray(0, end), { stream: true });
			unfinished = [decoder.decode(bytes.subarray(end + 1), { stream: true })];
			unfinishedBytes = bytes.length - end - 1;
			return text.split('\n');
		},
	};
}
