/** What a system's own files and commands say: /etc/hosts, resolv.conf, nsswitch.conf, ping, and answers of DNS. */
import type { IpAddress } from '../../../shared/ip.ts';
import { formatIp, parseIp } from '../../../shared/ip.ts';
import { reasons } from '../../../shared/outcome.ts';
import type { Random } from '../../../shared/random.ts';
import { parsePingOutput } from '../../../worker/icmp/command-output.ts';
import { chooseAddress } from '../../../worker/resolve/address-choice.ts';
import { addressesMax, combined, isConclusive } from '../../../worker/resolve/dns-answer.ts';
import { answerOf } from '../../../worker/resolve/dns-server.node.ts';
import { parseHosts } from '../../../worker/resolve/hosts-file.ts';
import {
	namesToAsk,
	needsSystemLookup,
	parseHostsServices,
	parseResolvConf,
} from '../../../worker/resolve/system-config.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { promise } from '../fuzz-target.ts';
import { choice, choiceBytes, hostText, hostWords, ipv4Text, pick, withChoices } from './pieces.ts';

const decoder = new TextDecoder();
const textOf = (input: Uint8Array): string => decoder.decode(input.subarray(choiceBytes));

const outputs = [
	'PING 10.0.0.1 (10.0.0.1) 56(84) bytes of data.\n64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.045 ms\n\n--- 10.0.0.1 ping statistics ---\n1 packets transmitted, 1 received, 0% packet loss, time 0ms\n',
	'64 bytes from fd00::1: seq=0 hlim=64 time=1.2 ms (DUP!)\n',
	'From 10.0.0.254 icmp_seq=1 Destination Host Unreachable\n1 packets transmitted, 0 received, +1 errors\n',
	'ping: sendmsg: Operation not permitted\n1 packets transmitted, 0 received\n',
	'Antwort von 10.0.0.1: Bytes=32 Zeit<1ms TTL=64\r\n    Pakete: Gesendet = 1, Empfangen = 1, Verloren = 0\r\n',
	'Reply from fd00::1: time=3ms\r\n',
	'Packets: Sent = 1, Received = 0, Lost = 1 (100% loss),\r\n',
	'Do you want to ping broadcast? Then -b.\n',
	'64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.045 ms (DIFFERENT ADDRESS!)\n',
];
const pinged = ['10.0.0.1', 'fd00::1'].map((text) => parseIp(text)!);

export const pingOutput: FuzzTarget = {
	name: 'ping-output',
	modules: ['worker/icmp/command-output.ts', 'shared/ip.ts'],
	dictionary: [
		...[
			'10.0.0.1',
			'fd00::1',
			' bytes from ',
			'icmp_seq=1',
			'ttl=64',
			'TTL=64',
			'time=',
			'time<',
			' ms',
			'1ms',
			'(DUP!)',
			'\r\n',
			'%eth0',
		],
		...[
			'From ',
			'Reply from ',
			'unreachable',
			'prohibited',
			'Sent = 1, Received = 0',
			'1 packets transmitted',
			'broadcast',
			'=',
		],
	],
	generate: (random) =>
		withChoices(random, Array.from({ length: 1 + random.below(3) }, () => pick(random, outputs)).join('')),
	run(input) {
		const address = choice(input, 0, pinged);
		const text = textOf(input);
		const verdict = parsePingOutput(choice(input, 1, ['unix', 'windows'] as const), text, address);
		if (verdict.status === 'up') {
			promise(Number.isFinite(verdict.rttMs) && verdict.rttMs >= 0, () => `an RTT of ${verdict.rttMs} ms`);
			promise(/[0-9]/.test(text) && /ms/i.test(text), 'a host is up of which nothing was said');
		} else promise((reasons as readonly string[]).includes(verdict.reason), 'a reason is unknown');
	},
};

function lines(random: Random, line: () => string): string {
	return Array.from({ length: random.below(8) }, line).join(pick(random, ['\n', '\n', '\r\n', '\n\n']));
}

const charsChecked = 1_000;
const hostsTexts = ['10.0.0.1 a a.example\n', '::1\tlocalhost ip6-localhost\n', '# comment\n'];

export const hostsFile: FuzzTarget = {
	name: 'hosts-file',
	modules: ['worker/resolve/hosts-file.ts', 'shared/ip.ts'],
	dictionary: ['\t', ' ', '#', 'localhost', 'A.Example', '__proto__', ...hostWords, ...hostsTexts],
	generate: (random) =>
		withChoices(
			random,
			lines(
				random,
				() =>
					`${hostText(random)}${pick(random, [' ', '\t', '  '])}${hostText(random)} ${pick(random, ['A', 'b #c', '', 'a.example.'])}`,
			),
		),
	run(input) {
		const text = textOf(input);
		const table = parseHosts(text);
		const words = text.toLowerCase().split(/[\s#]+/).length;
		promise(table.size <= words, 'there are more names than words');
		// All of a long file would take longer than reading it.
		if (text.length > charsChecked) return;
		for (const [name, addresses] of table) {
			promise(
				name === name.toLowerCase() && name !== '' && !/[\s#]/.test(name),
				() => `${JSON.stringify(name)} is a name`,
			);
			promise(
				addresses.length === new Set(addresses.map(({ family }) => family)).size,
				() => `${name} has two of a family`,
			);
			promise(
				addresses.length >= 1 && isFirstOf(text, name, addresses[0]!),
				() => `${name} has another address first`,
			);
		}
	},
};

/** Whether the first line with a name has its first address. */
function isFirstOf(text: string, name: string, address: IpAddress): boolean {
	for (const line of text.split('\n')) {
		const words = line.split('#')[0]!.trim().toLowerCase().split(/\s+/);
		const own = parseIp(words[0]!);
		if (own !== undefined && words.slice(1).includes(name)) return formatIp(own) === formatIp(address);
	}
	return false;
}

const resolvLines = [
	'nameserver 10.0.0.53',
	'nameserver fe80::1%eth0',
	'search example.com Sub.Example.',
	'domain example.org',
	'options ndots:2 rotate',
	'options ndots:99',
	'; comment',
	'# comment',
	'search',
	'options',
];
const switchLines = [
	'hosts: files dns',
	'hosts: files mdns4_minimal [NOTFOUND=return] dns',
	'hosts: files resolve [!UNAVAIL=return] dns myhostname',
	'passwd: files',
	'hosts:',
	'  hosts:\tdns',
];

export const resolvConf: FuzzTarget = {
	name: 'resolv-conf',
	modules: ['worker/resolve/system-config.ts'],
	dictionary: [
		...resolvLines,
		...switchLines,
		'\n',
		'ndots:',
		'[',
		']',
		'#',
		'files',
		'dns',
		'mymachines',
		'resolve',
		'.local',
	],
	generate: (random) =>
		withChoices(
			random,
			lines(random, () => pick(random, [...resolvLines, ...switchLines])),
		),
	run(input) {
		const text = textOf(input);
		const config = parseResolvConf(text, choice(input, 0, ['host', 'host.example.net', '.']));
		promise(
			config.servers.length >= 1 && config.servers.length <= 3,
			() => `${config.servers.length} servers`,
		);
		promise(config.ndots >= 0 && config.ndots <= 15, () => `${config.ndots} dots`);
		for (const word of [...config.servers, ...config.search])
			promise(word !== '' && !/\s/.test(word), 'a word is none');
		const name = choice(input, 1, ['a', 'a.b', '_gateway', 'x.local', 'x'.repeat(250)]);
		const asked = namesToAsk(name, config);
		promise(asked.includes(name), 'the name itself is not asked for');
		promise(
			asked.every((full) => full.length <= 253 && full.startsWith(name)),
			'another name is asked for',
		);
		const services = parseHostsServices(text);
		promise(
			services.every((service) => !/[\s#]/.test(service)),
			'a service is none',
		);
		promise(typeof needsSystemLookup(name, services, 'host') === 'boolean', 'it is not known who looks up');
	},
};

const codes = [
	'ENOTFOUND',
	'ENODATA',
	'ETIMEOUT',
	'ECANCELLED',
	'ENOMEM',
	'ESERVFAIL',
	'EBADRESP',
	undefined,
];
const sources = [
	{ ipv4: true, globalIpv6: false, uniqueLocalIpv6: false, loopbackIpv6: true },
	{ ipv4: true, globalIpv6: true, uniqueLocalIpv6: true, loopbackIpv6: true },
	{ ipv4: false, globalIpv6: true, uniqueLocalIpv6: false, loopbackIpv6: false },
	{ ipv4: false, globalIpv6: false, uniqueLocalIpv6: false, loopbackIpv6: false },
];

/** One family's answer as the library gives it: texts, or an error. */
function given(text: string, code: string | undefined): Promise<string[]> {
	if (!text.startsWith('!')) return Promise.resolve(text.split('\n'));
	return Promise.reject(Object.assign(new Error(text), { code }));
}

export const dnsAnswer: FuzzTarget = {
	name: 'dns-answer',
	modules: [
		'worker/resolve/dns-server.node.ts',
		'worker/resolve/dns-answer.ts',
		'worker/resolve/address-choice.ts',
		'shared/ip.ts',
	],
	dictionary: ['\n', '\f', '!', ...hostWords],
	generate(random) {
		const family = (): string =>
			random.below(4) === 0
				? '!'
				: Array.from({ length: random.below(pick(random, [3, 100])) }, () =>
						pick(random, [ipv4Text(random), hostText(random), 'fd00::1', '::1', 'fe80::1', '2600::1']),
					).join('\n');
		return withChoices(random, `${family()}\f${family()}`);
	},
	async run(input) {
		const [one = '', other = ''] = textOf(input).split('\f');
		const ipv4 = await answerOf(given(one, choice(input, 0, codes)));
		const ipv6 = await answerOf(given(other, choice(input, 1, codes)));
		for (const { answer, noSuchName } of [ipv4, ipv6]) {
			promise(!noSuchName || 'reason' in answer, 'a name that does not exist has addresses');
			if ('reason' in answer) promise(reasons.includes(answer.reason), 'a reason is unknown');
			else
				promise(
					answer.addresses.length >= 1 && answer.addresses.length <= addressesMax,
					() => `${answer.addresses.length} addresses`,
				);
		}
		const both = combined(ipv4.answer, ipv6.answer);
		promise(
			isConclusive(both) || !isConclusive(ipv4.answer) || !isConclusive(ipv6.answer),
			'two answers are none',
		);
		if ('reason' in both) return;
		const chosen = chooseAddress(both.addresses, choice(input, 2, sources));
		promise(
			chosen !== undefined && both.addresses.includes(chosen),
			'an address is chosen that is none of them',
		);
		const text = formatIp(chosen);
		promise(
			one.includes(text) ||
				other.includes(text) ||
				[...one.split('\n'), ...other.split('\n')].some((word) => {
					const ip = parseIp(word);
					return ip !== undefined && formatIp(ip) === text;
				}),
			'an address was made up',
		);
	},
};
