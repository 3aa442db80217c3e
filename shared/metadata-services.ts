/**
 * Where clouds tell a machine its own secrets (the credentials of its role, start-up scripts), apart from link-local
 * 169.254.0.0/16 and fe80::/10, which are closed as they are. These lie in private, shared or public space. From the
 * clouds' own documentation, as of 2026.
 */
export const metadataServices = [
	{ block: 'fd00:ec2::/32', of: 'AWS: instance metadata ::254, pod identity ::23, DNS ::253, NTP ::123' },
	{ block: 'fd20:ce::254', of: 'Google Cloud, IPv6' },
	{ block: 'fd00:c1::a9fe:a9fe', of: 'Oracle Cloud, IPv6' },
	{ block: 'fd00:42::42', of: 'Scaleway, IPv6' },
	{ block: 'fd00:a9fe:a9fe::1', of: 'Akamai (Linode), IPv6' },
	{ block: 'fd00:100::100:200', of: 'Alibaba Cloud, IPv6' },
	{ block: '100.100.100.200', of: 'Alibaba Cloud' },
	{ block: '192.0.0.192', of: 'Oracle Cloud Classic' },
	{ block: '168.63.129.16', of: 'Azure, wire server' },
] as const;
