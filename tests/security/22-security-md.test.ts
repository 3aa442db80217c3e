/** SECURITY.md says what holds: how to report, how to opt out, and the defaults as they are in the code. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import {
	bodyBytesMax,
	callerConnectionsMax,
	hostsInFlightMax,
	hostsPerRequestMax,
	httpHeadBytesMax,
	prefixRateDefault,
	ratePerSecondDefault,
	requestHeadMsMax,
	requestReadMsMax,
	requestsInFlightMax,
} from '../../shared/limits.ts';
import { settings } from '../../worker/config.ts';
import { echoBytes, echoMagic } from '../../worker/icmp/echo-packet.ts';
import { userAgentOf } from '../../worker/probes/http-exchange.ts';

const text = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');

/** The cells of the row of the table of defaults that begins so. */
function row(name: string): string {
	const line = text.split('\n').find((each) => each.startsWith(`| ${name} `));
	if (line === undefined) throw new Error(`there is no row ${name}`);
	return line;
}

function count(n: number): string {
	return n.toLocaleString('en');
}

test('22: it says how a hole is reported and how networks opt out', () => {
	expect(text).toMatch(/private security advisory/);
	expect(text).toContain('--opt-out-file');
	expect(text).toContain('--contact');
	expect(text).toMatch(/^## Who is trusted with what$/m);
	expect(text).toMatch(/^## Out of scope$/m);
});

test('22: it shows probes as they are on the wire', () => {
	expect(text).toContain(`User-Agent: ${userAgentOf('abuse@example.org')}\n`);
	expect(userAgentOf('abuse@example.org')).toContain(`pingpool/${packageJson.version}`);
	expect(text).toContain(/; (.*)\)$/.exec(userAgentOf(undefined))![1]);
	expect(text.replaceAll('\n', ' ')).toContain(`with ${echoBytes - 8} bytes of payload`);
	expect(Buffer.from(Uint32Array.of(echoMagic).buffer).toString('latin1')).toBe('ping');
});

test('22: its defaults are those of the code', () => {
	expect(row('probes per second')).toContain(
		`${count(ratePerSecondDefault)} per worker; ${prefixRateDefault} to`,
	);
	expect(row('HTTP probes')).toContain(`${httpHeadBytesMax / 1024} KiB`);
	expect(row('one request')).toContain(
		`${count(hostsPerRequestMax)} hosts, ${bodyBytesMax / 1024 / 1024} MiB, not compressed; head within ${requestHeadMsMax / 1000} s, all of it within ${requestReadMsMax / 1000} s`,
	);
	expect(row('all requests')).toContain(`${requestsInFlightMax} at a time, ${count(hostsInFlightMax)} hosts`);
	expect(row('connections')).toContain(count(callerConnectionsMax));
	// What it says can be changed can be.
	const variables = Object.values(settings).map(({ variable }) => variable);
	const flags = ['--tls-ca', '--allow-plain-http', '--version', '--dashboard', '--no-dashboard'];
	for (const [flag] of text.matchAll(/--[a-z][a-z-]+[a-z]/g)) {
		const variable = `PINGPOOL_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`;
		if (!flags.includes(flag)) expect(variables, flag).toContain(variable);
	}
});
