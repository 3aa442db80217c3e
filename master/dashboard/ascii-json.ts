/**
 * JSON in ASCII: everything else stands as JSON's own `\uXXXX`. The value stays what it is, and whoever looks at the
 * bytes in a terminal is safe. Messages of a run have a hundred kilobytes, and one worker's words in a language of its
 * own must not make each of them cost twenty milliseconds: looking for what is unsafe alone (jsonText) does.
 */
const plain = /^[\x20-\x7e]*$/;

/** @param value what JSON can say */
export function asciiJson(value: unknown): string {
	const json = JSON.stringify(value);
	if (plain.test(json)) return json;
	return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
