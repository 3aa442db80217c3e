/** An IPv4 address in every IPv6 form that leads to it, written down apart from the code that unwraps them. */
import { parseIpv4 } from '../../shared/ip.ts';

export interface Ipv6Form {
	readonly form: string;
	readonly text: string;
	/** whether addresses of this form are open by default, where their IPv4 address is */
	readonly isOpen: boolean;
}

/** @param dotted an IPv4 address that does not begin with 0 */
export function ipv6FormsOf(dotted: string): Ipv6Form[] {
	const hex = parseIpv4(dotted).toString(16).padStart(8, '0');
	const inverted = (~parseIpv4(dotted) >>> 0).toString(16).padStart(8, '0');
	const [a, b, c, d] = [0, 2, 4, 6].map((at) => hex.slice(at, at + 2));
	const [high, low] = [hex.slice(0, 4), hex.slice(4)];
	const form = (name: string, text: string, isOpen = true): Ipv6Form => ({ form: name, text, isOpen });
	return [
		form('mapped', `::ffff:${dotted}`),
		form('mapped in hexadecimal', `0:0:0:0:0:ffff:${high}:${low}`),
		form('compatible', `::${dotted}`, false),
		form('translated', `::ffff:0:${dotted}`, false),
		form('NAT64', `64:ff9b::${dotted}`),
		form('local NAT64, /96', `64:ff9b:1::${dotted}`),
		form('local NAT64, /96 elsewhere', `64:ff9b:1:abcd::${dotted}`),
		form('local NAT64, /64', `64:ff9b:1:abcd:${a}:${b}${c}:${d}00:0`),
		form('local NAT64, /56', `64:ff9b:1:ab${a}:${b}:${c}${d}::`),
		form('local NAT64, /48', `64:ff9b:1:${a}${b}:${c}:${d}00::`),
		form('6to4', `2002:${high}:${low}::1`),
		form('Teredo server', `2001:0:${high}:${low}:8000:63bf:f7f7:f7f7`),
		form('Teredo client', `2001:0:808:808:8000:63bf:${inverted.slice(0, 4)}:${inverted.slice(4)}`),
		form('ISATAP', `2001:db8:1:2:0:5efe:${high}:${low}`),
		form('ISATAP of a global address', `fd00:1:2:3:200:5efe:${high}:${low}`),
		form('6to4 and ISATAP', `2002:808:808:1:0:5efe:${high}:${low}`),
	];
}
