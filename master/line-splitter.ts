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
			const lines = decoder.decode(bytes, { stream: true }).split('\n');
			if (lines.length === 1) {
				unfinished.push(lines[0]!);
				unfinishedBytes += bytes.length;
				return unfinishedBytes > lineBytesMax ? undefined : [];
			}
			lines[0] = unfinished.join('') + lines[0]!;
			unfinished = [lines.pop()!];
			unfinishedBytes = bytes.length - bytes.lastIndexOf(10) - 1;
			return lines;
		},
	};
}
