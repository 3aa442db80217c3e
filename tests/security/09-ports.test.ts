/** Requirement 9: tcp and http go to any port but 25, or to those of a list; names are not even looked up. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTargetPolicy } from '../../shared/policy.ts';
import { parsePorts } from '../../shared/ports.ts';
import { token, Workspace } from '../e2e/command-line.ts';
import { closedPort } from '../servers.ts';
import { columnsProbe, recordingProbe, tableResolver, testApp } from '../worker/app-fixture.ts';
import type { Listener } from '../worker/probes/listener.ts';
import { listen } from '../worker/probes/listener.ts';

interface Result {
	readonly status: string;
	readonly reason?: string;
	readonly sent: number;
}

const fates = (results: readonly Result[]): string[] =>
	results.map(({ status, reason, sent }) => `${status} ${reason ?? ''} ${sent}`);

describe('09: a worker', () => {
	let space: Workspace;
	let target: Listener;
	beforeAll(async () => {
		space = new Workspace();
		target = await listen((socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
	});
	afterAll(async () => {
		await target[Symbol.asyncDispose]();
		space[Symbol.dispose]();
	});

	async function ask(url: string, body: object): Promise<string[]> {
		const response = await fetch(`${url}/ping`, {
			method: 'POST',
			body: JSON.stringify({ attempts: 1, timeoutMs: 60_000, ...body }),
			headers: { authorization: `Bearer ${token}` },
		});
		return fates(((await response.json()) as { results: Result[] }).results);
	}

	it('sends nothing to port 25 by default, wherever the port comes from', async () => {
		const { running, url } = await space.worker(['--icmp', 'off', '--allow', '127.0.0.0/8']);
		await using _ = running;
		const closed = await closedPort();
		const hosts = [
			'127.0.0.1:25',
			'tcp://127.0.0.1:25',
			'http://127.0.0.1:25/',
			'https://[::ffff:127.0.0.1]:25/',
		].concat(['localhost:25', `127.0.0.1:${target.port}`, `127.0.0.1:${closed}`]);
		const port = 'denied port 0';
		expect(await ask(url, { hosts, probe: 'tcp' })).toEqual([
			...Array(5).fill(port),
			'up  1',
			'down refused 1',
		]);
		for (const probe of ['tcp', 'http']) {
			expect(await ask(url, { hosts: ['127.0.0.1', '127.0.0.2', 'localhost'], probe, port: 25 })).toEqual(
				Array(3).fill(port),
			);
		}
	});

	it('sends nothing to ports that are not in its list', async () => {
		const { running, url } = await space.worker([
			'--icmp',
			'off',
			'--allow',
			'127.0.0.0/8',
			'--ports',
			`1-3,${target.port}`,
		]);
		await using _ = running;
		const before = target.connections();
		const hosts = [`127.0.0.1:${target.port}`, '127.0.0.1:25', '127.0.0.1:4', 'http://127.0.0.1/'].concat([
			'https://localhost/',
			'127.0.0.1:3',
			`http://127.0.0.1:${target.port}/`,
		]);
		expect(await ask(url, { hosts, probe: 'tcp' })).toEqual([
			...['up  1', ...Array(4).fill('denied port 0'), 'down refused 1', 'up  1'],
		]);
		expect(await ask(url, { hosts: ['127.0.0.1'], probe: 'http' })).toEqual(['denied port 0']);
		expect(target.connections() - before).toBe(2);
	});
});

describe('09: a closed port', () => {
	it('is found before names are looked up, in every form of a request', async () => {
		const resolver = tableResolver({ 'a.example': '192.0.2.1' });
		const tcp = columnsProbe('tcp');
		const probes = [columnsProbe('icmp'), tcp, recordingProbe('http')];
		const { ping } = testApp({ probes, resolver, policy: createTargetPolicy({ ports: parsePorts('443')! }) });
		const results = async (body: object) =>
			fates(((await (await ping(body)).json()) as { results: Result[] }).results);
		const hosts = ['a.example', 'a.example:80', 'http://a.example/', '192.0.2.1', '[2001:db8::1]'];
		expect(await results({ hosts, probe: 'tcp', port: 80 })).toEqual(Array(5).fill('denied port 0'));
		expect(resolver.asked).toEqual([]);
		expect(probes.flatMap(({ batches }) => batches)).toEqual([]);
		expect(tcp.ipv4Batches).toEqual([]);
		// An echo request has no port.
		expect(await results({ hosts: ['192.0.2.1', 'a.example'] })).toEqual(['up  1', 'up  1']);
		expect(
			await results({ hosts: ['a.example', '192.0.2.1', 'https://a.example/'], probe: 'tcp', port: 443 }),
		).toEqual(Array(3).fill('up  1'));
	});
});
