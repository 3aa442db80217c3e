/** How this system resolves names: what resolv.conf(5) and nsswitch.conf(5) say, read as glibc reads them. */

export interface ResolvConf {
	/** addresses, as they are written; with a port behind it in tests (`127.0.0.1:5353`) */
	readonly servers: readonly string[];
	/** domains that are tried behind a name */
	readonly search: readonly string[];
	/** a name with fewer dots than this is tried with the search domains first */
	readonly ndots: number;
}

const serversMax = 3;
const ndotsMax = 15;

/** @param hostname whose domain is searched where the file says nothing of it */
export function parseResolvConf(text: string, hostname: string): ResolvConf {
	const servers: string[] = [];
	const dot = hostname.indexOf('.');
	let search = dot < 0 ? [] : [hostname.slice(dot + 1)];
	let ndots = 1;
	for (const line of text.split('\n')) {
		if (/^\s*[#;]/.test(line)) continue;
		const [keyword, ...values] = line.trim().split(/\s+/);
		if (keyword === 'nameserver' && values[0] !== undefined) servers.push(values[0]);
		else if (keyword === 'domain' && values[0] !== undefined) search = [values[0]];
		else if (keyword === 'search') search = values;
		else if (keyword === 'options') {
			const option = values.findLast((value) => /^ndots:[0-9]{1,3}$/.test(value));
			if (option !== undefined) ndots = Math.min(ndotsMax, Number(option.slice('ndots:'.length)));
		}
	}
	return {
		servers: servers.length === 0 ? ['127.0.0.1'] : servers.slice(0, serversMax),
		search: search.map((domain) => domain.replace(/\.$/, '').toLowerCase()).filter((domain) => domain !== ''),
		ndots,
	};
}

/** The names to ask for, in turn, until one exists. */
export function namesToAsk(name: string, { search, ndots }: ResolvConf): readonly string[] {
	const dots = name.split('.').length - 1;
	const searched = search.map((domain) => `${name}.${domain}`).filter((full) => full.length <= 253);
	return dots >= ndots ? [name, ...searched] : [...searched, name];
}

/** Services of the `hosts:` line of nsswitch.conf, in order; without one, what glibc does then. */
export function parseHostsServices(text: string): readonly string[] {
	const line = text
		.split('\n')
		.map((raw) => raw.trim())
		.find((raw) => raw.startsWith('hosts:'));
	if (line === undefined) return ['files', 'dns'];
	const [services = ''] = line.slice('hosts:'.length).split('#', 1);
	// What is in brackets is done with a service's outcome. Cut out piece by piece: a pattern would look for the end
	// of every bracket that has none, over and over.
	const pieces = services.split('[').map((piece, i) => {
		const end = i === 0 ? -1 : piece.indexOf(']');
		return i > 0 && end < 0 ? `[${piece}` : piece.slice(end + 1);
	});
	return pieces.join(' ').trim().split(/\s+/);
}

/**
 * Whether the system would do more for a name than look into the hosts file and ask DNS, so that only its own
 * lookup can say what it would find.
 *
 * @param services of the `hosts:` line
 * @param hostname of this machine
 */
export function needsSystemLookup(name: string, services: readonly string[], hostname: string): boolean {
	const files = services.indexOf('files');
	const dns = services.indexOf('dns');
	if (files < 0 || dns < files) return true;
	const single = !name.includes('.');
	return services.some((service) => {
		if (service === 'files' || service === 'dns') return false;
		if (service === 'myhostname') return ['_gateway', '_outbound', hostname.toLowerCase()].includes(name);
		if (service.startsWith('mdns')) return name.endsWith('.local');
		// systemd-resolved is also the DNS server then; LLMNR and mDNS are what it does beyond that.
		if (service === 'resolve') return single || name.endsWith('.local');
		if (service === 'mymachines') return single;
		return true;
	});
}
