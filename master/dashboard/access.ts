/**
 * Who may see the dashboard. On loopback, whoever is on this machine; beyond, whoever has the token. A browser gets it
 * in a link, `?token=…`, which is exchanged for a cookie so that it stands in no address any longer; a program sends it
 * as `Authorization: Bearer`. The page itself is no secret and is given to anybody: what it shows it has to ask for.
 *
 * The cookie is `SameSite=Strict`, so no other site's page can have it sent, and has a digest of the token, not the
 * token: characters that no cookie may have can not be in it. All is compared by digests, in constant time.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { PingpoolError } from '../../shared/errors.ts';

export class Access {
	readonly #token: Buffer;
	readonly #cookie: string;
	readonly #cookieDigest: Buffer;
	readonly #cookieName: string;

	/** @param port of the dashboard: browsers send cookies to all ports of a host, and each dashboard has a token */
	constructor(token: string, port: number) {
		this.#token = digest(token);
		this.#cookie = createHash('sha256')
			.update('pingpool dashboard cookie\n')
			.update(token)
			.digest('base64url');
		this.#cookieDigest = digest(this.#cookie);
		this.#cookieName = `pingpool_${port}`;
	}

	/** @throws PingpoolError `unauthorized` */
	check(request: Request): void {
		if (this.isShown(request)) return;
		throw new PingpoolError(
			'unauthorized',
			'the token of this dashboard is expected: open the link that has it',
		);
	}

	/** Whether a request shows the token, or has the cookie that was given for it. */
	isShown({ headers }: Request): boolean {
		const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.get('authorization') ?? '')?.[1];
		if (bearer !== undefined && this.isToken(bearer)) return true;
		const cookies = cookiesOf(headers.get('cookie') ?? '', this.#cookieName);
		return cookies.some((cookie) => timingSafeEqual(digest(cookie), this.#cookieDigest));
	}

	isToken(text: string): boolean {
		return timingSafeEqual(digest(text), this.#token);
	}

	/** What a browser is told to send from now on. */
	setCookie(): string {
		return `${this.#cookieName}=${this.#cookie}; Path=/; HttpOnly; SameSite=Strict`;
	}
}

function digest(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}

/** Values of the cookies of a name: a browser may have several, of several paths. */
function cookiesOf(header: string, name: string): string[] {
	return header
		.split(';', 32)
		.map((pair) => pair.trim())
		.filter((pair) => pair.startsWith(`${name}=`))
		.map((pair) => pair.slice(name.length + 1));
}
