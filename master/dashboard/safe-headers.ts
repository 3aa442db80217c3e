/**
 * Headers of every answer. The page runs nothing but its own files, asks nobody else, and stands in nobody's frame.
 * There is no inline script and no inline style; what uPlot and preact set by the CSSOM is no inline style to a browser.
 */
const safeHeaders: Readonly<Record<string, string>> = {
	'content-security-policy': [
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self' data:",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
	].join('; '),
	'x-content-type-options': 'nosniff',
	'referrer-policy': 'no-referrer',
	'cross-origin-opener-policy': 'same-origin',
	'cross-origin-resource-policy': 'same-origin',
};

/** The same answer, with them. */
export function withSafeHeaders(answer: Response): Response {
	for (const [name, value] of Object.entries(safeHeaders)) answer.headers.set(name, value);
	return answer;
}
