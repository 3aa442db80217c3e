/** By which of its addresses a machine is most likely reached. */

/** As `networkInterfaces()` of Node's `os` gives them, by the interface's name. */
type Interfaces = Readonly<
	Record<
		string,
		readonly { readonly address: string; readonly family: string; readonly internal: boolean }[] | undefined
	>
>;

/** Bridges, tunnels and the like, which lead to no other machine, or to few. */
const virtual = /^(br-|cni|docker|flannel|lxc|tap|tun|veth|virbr|wg)/;
const linkLocal = /^(fe80:|169\.254\.)/i;

/** The address for other machines: of no virtual interface if there is another, IPv4 first; loopback without any. */
export function likelyAddress(interfaces: Interfaces): string {
	const rank = (name: string, family: string): number =>
		(virtual.test(name) ? 2 : 0) + (family === 'IPv4' ? 0 : 1);
	const found = Object.entries(interfaces)
		.flatMap(([name, addresses = []]) =>
			addresses.map((each) => ({ ...each, rank: rank(name, each.family) })),
		)
		.filter(({ internal, address }) => !internal && !linkLocal.test(address))
		.sort((a, b) => a.rank - b.rank);
	return found[0]?.address ?? '127.0.0.1';
}
