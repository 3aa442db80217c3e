/**
 * Bearer tokens (RFC 6750). Tokens are compared by their SHA-256 digests, all 32 bytes of all of them, so that
 * the time taken says nothing about where a guess went wrong, nor how long a token is.
 */

export interface Authenticator {
	/** Which of the tokens an Authorization header carries, from 1; 0 for none of them. */
	accepts(header: string | undefined): Promise<number>;
}

/** One token, or two while the old one is being replaced; a function gives those that hold now. */
export type AcceptedTokens = readonly string[] | (() => readonly string[]);

/** @param tokens what is accepted; of a function, another array stands for other tokens */
export function createAuthenticator(tokens: AcceptedTokens): Authenticator {
	let digested: readonly string[] | undefined;
	let digests: Promise<Uint8Array[]> | undefined;
	return {
		async accepts(header) {
			const credentials = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? '')?.[1];
			if (credentials === undefined) return 0;
			// Not at construction: Cloudflare's runtime has no asynchronous work outside of a request.
			const current = typeof tokens === 'function' ? tokens() : tokens;
			if (digests === undefined || digested !== current) {
				digested = current;
				digests = Promise.all(current.map(digest));
			}
			const [given, known] = await Promise.all([digest(credentials), digests]);
			let accepted = 0;
			for (const [i, token] of known.entries())
				accepted = Math.max(accepted, (i + 1) * equalDigests(given, token));
			return accepted;
		},
	};
}

async function digest(text: string): Promise<Uint8Array> {
	return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

/** 1 when equal, else 0, without a branch on the content. */
function equalDigests(a: Uint8Array, b: Uint8Array): number {
	let difference = 0;
	for (let i = 0; i < 32; i += 1) difference |= a[i]! ^ b[i]!;
	return difference === 0 ? 1 : 0;
}
