/**
 * Every ceiling of the system in one place, with the relations between them asserted below, so that raising
 * one without the others fails at start and not in production.
 */

/** Hosts in one POST /ping. A Node worker's default; a worker says its own in /capabilities. */
export const hostsPerRequestMax = 16_384;

/** Bytes of one host as text: room for a URL, far over the 253 of a DNS name. */
export const hostBytesMax = 2_048;

/** Bytes of a request body. A full batch of the longest DNS names with a port fits. */
export const bodyBytesMax = 8 * 1024 * 1024;

/** Bytes of a request's head, from its first line to the last of its headers, and how many of these it has. */
export const requestHeadBytesMax = 8 * 1024;
export const headersPerRequestMax = 64;

/** Requests that a client may send ahead on a connection, before the one that is served is answered. */
export const requestsAheadMax = 16;

/** Requests on one connection, after which it ends with the answer. */
export const requestsPerConnectionMax = 10_000;

/** How long a request's head, and all of it, may take from its first byte; a slow sender holds a connection, and
 * with a good token a place among the requests in flight. */
export const requestHeadMsMax = 10_000;
export const requestReadMsMax = 30_000;

/** How long, and how many bytes, a connection is still read from when its request was answered unread. */
export const lingerMs = 500;
export const lingerBytesMax = 64 * 1024;

/** Bytes of bodies that a worker holds at a time, over all requests whose hosts are not known yet: what a full
 * house of slow senders can take of its memory. */
export const bodyBytesInFlightMax = 64 * 1024 * 1024;

/** Brackets within brackets, keys, and parts (texts, numbers, brackets, commas) of a request in JSON; it has two
 * levels, eight keys, and two parts per host. */
export const jsonDepthMax = 4;
export const jsonKeysMax = 32;
export const jsonPartsMax = 65_536;

/** Bytes of a key, of a number or word, of a text with its escapes, and of all white space of a request in JSON. */
export const jsonKeyBytesMax = 64;
export const jsonWordBytesMax = 32;
export const jsonTextBytesMax = 16 * 1024;
export const jsonSpacesMax = 1024 * 1024;

/** Bytes of the settings that stand before the addresses of a request in columns. */
export const settingsBytesMax = 4 * 1024;

/** Lines of a worker's log about one kind of trouble in so many ms, and addresses that are told apart in what is
 * said of the rest. */
export const logFloodLinesMax = 10;
export const logFloodWindowMs = 10_000;
export const logAddressesMax = 1_000;

/** Characters of its log that a worker, or a master, keeps for a slow reader. */
export const logBytesMax = 1024 * 1024;

/** Hosts of one caller that one worker holds at a time, over all requests; of all callers a third more. At 150,000 probes/s and 1 s timeouts an all-dead
 * list keeps 150,000 in flight; beyond this ceiling the worker answers 429. */
export const hostsInFlightMax = 262_144;

/** Requests of one caller that one worker serves at a time; of all callers a third more. */
export const requestsInFlightMax = 256;

/** Connections of callers that a worker holds at a time; also bounded by its descriptors. */
export const callerConnectionsMax = 4_096;

/** Of these, the part that connections from one address may have before they have shown a token. */
export const strangersPerAddressPart = 1 / 4;

/** Connections that a master opens to one worker, with one request on each. */
export const connectionsPerWorkerMax = 128;

/** Echo requests (or connects) per host, when statistics are asked for. */
export const countMax = 1_000;

/** Tries per host, when one answer is enough. */
export const attemptsMax = 10;

export const timeoutMsMin = 1;
export const timeoutMsMax = 60_000;
export const intervalMsMax = 60_000;

/** The longest that one request may take by its own settings: (count - 1) × interval + timeout. */
export const requestMsMax = 900_000;

/** The longest that a worker stays with one request, its waits for a turn included. */
export const requestDeadlineMsMax = 3_600_000;

/** How long a caller may take to read what is left of a streamed answer after its last result. */
export const answerDrainMs = 30_000;

/** How long one name may take to resolve before it is `dns-timeout`. */
export const dnsTimeoutMs = 5_000;

/** Names that a Node worker asks DNS for at a time; a silent one holds up to two or three descriptors. */
export const dnsLookupsMax = 512;

/** Probes that one worker sends per second by default; 0 would be no ceiling. */
export const ratePerSecondDefault = 10_000;

/** Probes per second that one worker sends to one prefix (an IPv4 /24, an IPv6 /48) by default: each address of a
 * /24 once a second. */
export const prefixRateDefault = 256;

/** How far ahead of the even spacing probes to one prefix may leave: one sweep of a /24 is not slowed. */
export const prefixBurstMs = 1_000;

/** The same for the probes of one caller, where callers have a ceiling. */
export const callerBurstMs = 100;

/** Callers whose ceilings are kept at a time. */
export const callersMax = 1_024;

/** TCP connects and HTTP requests under way at a time on a Node worker; also bounded by its descriptors. */
export const connectionsMax = 1_024;

/** Connections of one request that may wait to open at a time in Cloudflare's runtime (its limit, all plans). */
export const openingConnectionsMax = 6;

/** Processes of the ping command at a time, where there is nothing better. */
export const pingProcessesMax = 64;

/** Bytes of a response head that an HTTP probe reads before it gives up on the server. */
export const httpHeadBytesMax = 4 * 1024;

/** Results that a worker gathers before it writes a frame of them, and how long it waits. */
export const resultBlockHostsMax = 1_024;
export const resultBlockMsMax = 50;

/** How long a worker leaves an answer in frames without a word before it says that it is alive. */
export const heartbeatMs = 250;

/** How long what a worker has said of its load stands before it says it anew. */
export const loadMsMin = 250;

/** The longest such time that a worker may say it takes. */
export const heartbeatMsMax = 60_000;

/** Default settings of a request; the timeout is per attempt. */
export const requestDefaults = {
	probe: 'icmp',
	count: 1,
	attempts: 2,
	timeoutMs: 1_000,
	intervalMs: 1_000,
} as const;

/** How long a run waits by default when no worker is left, before it ends and is left to be continued. */
export const workerTimeoutMsDefault = 60_000;

/** Addresses that one line of a hosts file (a CIDR or a range) may stand for: a /8. */
export const addressesPerLineMax = 2 ** 24;

/** A file of addresses that may or may not be probed: entries of it, and its bytes, comments included. A list of
 * this length takes about a second to read, in which a worker answers nobody. */
export const addressListBlocksMax = 1_000_000;
export const addressListBytesMax = 64 * 1024 * 1024;

/** Bytes of one line of a hosts file, comment included. Longer ones are read over without being held. */
export const lineBytesMax = 64 * 1024;

/** Targets that the reader of a hosts file hands over at a time. */
export const targetBatchMax = 4_096;

/** Positions of a run must stay below this: the database packs run and position into one integer key. */
export const targetsPerRunMax = 2 ** 32;

/** How long a TLS handshake may take, from the connection on. */
export const handshakeMsMax = 10_000;

/** Bytes of a file with certificates or a key, which bundles of all authorities stay below, and of one with tokens. */
export const pemFileBytesMax = 4 * 1024 * 1024;
export const tokenFileBytesMax = 64 * 1024;

/** Connections that a master's dashboard holds at a time, and of these, pages that are told of a run as it goes on. */
export const dashboardConnectionsMax = 200;
export const livePagesMax = 32;

/** Bytes of the head of a request to a dashboard: browsers send it what any other server on this machine, of whatever
 * port, has them keep. */
export const dashboardHeadBytesMax = 32 * 1024;

/** How often a page is told what is new, at most, also where no processor has time to spare, as a browser on the same
 * machine takes from the run what it draws with, and how long a stream is left without a word. A page that hears none for
 * much longer opens its stream anew: a machine that sleeps, or a master that stands still, does not say that it is gone. */
export const liveUpdateMs = 500;
export const liveUpdateBusyMs = 1_000;
export const liveHeartbeatMs = 5_000;
export const liveSilenceMsMax = 15_000;

/** How long a page may take to read what it was sent before its connection is cut. */
export const dashboardDrainMs = 30_000;

/** How long a question to the database may take. */
export const dashboardQueryMsMax = 60_000;

/** How long a run's end waits for pages to take its last state. */
export const dashboardEndMs = 200;

/** Ports that are tried when that of the dashboard is taken. */
export const dashboardPortsTriedMax = 100;

/** Bytes of the page that is served, all its files together. */
export const pageBytesMax = 16 * 1024 * 1024;

/** Characters of a place in a list that a page asks to go on from. */
export const placeTextMax = 256;

/** Workers that the metrics of a master name; others are only counted. */
export const metricsWorkersMax = 256;

/** Questions to a database that are open at a time, and runs and answers of a host that one is answered with. */
export const questionsMax = 64;
export const runsListedMax = 10_000;
export const historyEntriesMax = 1_000;

/** Kinds of answers (status, reason and worker) that a run may have: each is held for every block of its rows. */
export const answerKindsMax = 65_536;

/** Characters of a text of a database that are shown: ours are shorter, others' may have a gigabyte. */
export const shownTextMax = 4_096;

/** Rows, or changes, of one answer to a page. */
export const resultsPageMax = 500;

/** What a master remembers of a run for pages that come later: requests that have ended, of these so many per second,
 * and what the run said. */
export const chunksKeptMax = 10_000;
export const chunksKeptPerSecondMax = 500;
export const eventsKeptMax = 1_000;

/** What a database keeps of what a run said: so many events, of which the first ones stay when there are more, and
 * characters of each. */
export const eventsPerRunMax = 10_000;
export const eventsFirstMax = 1_000;
export const storedEventCharsMax = 1_000;

/** Kinds of answers (status, reason and worker) that a run may have for its counts to be kept beside its rows: they are
 * written anew with every batch. */
export const keptKindsMax = 8_192;

/** What a page holds of that while it is open: at ten requests a second and worker, minutes of a large fleet. */
export const chunksHeldMax = 20_000;
export const eventsHeldMax = 5_000;

/** Between two readings of a run that goes on elsewhere. */
export const pageRefreshMs = 2_000;

/** Before a page opens a broken live stream again: doubled each time, up to the second. */
export const reopenMsMin = 1_000;
export const reopenMsMax = 15_000;

/** Slices of a run's time that rows are counted by: how many at most, and how long they are at first. Whenever there
 * would be more, pairs are made one. */
export const seriesSlicesMax = 600;
export const seriesSliceMsFirst = 250;

/** How long another program's lock on a database is waited for. */
export const databaseBusyMsMax = 5_000;

/** What is kept between questions: summaries of runs (a few hundred kilobytes each), maps, comparisons, sorted rows
 * and how many of these, and places of hosts that were shown. */
export const summariesMax = 8;
export const mapsMax = 16;
export const comparisonsMax = 4;
export const sortedWindowsMax = 4;
export const sortedRowsMax = 10_000;
export const placesMax = 20_000;

/** Rows of a run that are held at a time (190 MB of them) while it is compared with one of another list. */
export const joinedRowsMax = 6_000_000;

function assertLimit(holds: boolean, relation: string): void {
	if (!holds) throw new Error(`limits.ts: ${relation} does not hold`);
}

assertLimit(
	hostsPerRequestMax * (253 + '"",:65535'.length) <= bodyBytesMax,
	'a full batch of the longest names fits a body',
);
assertLimit(bodyBytesMax <= bodyBytesInFlightMax, 'the largest body may be held');
assertLimit(2 * hostsPerRequestMax + 4 * jsonKeysMax <= jsonPartsMax, 'a full batch has not too many parts');
assertLimit(
	hostBytesMax * '\\u0000'.length <= jsonTextBytesMax,
	'the longest host may be written with escapes',
);
assertLimit(
	connectionsPerWorkerMax <= callerConnectionsMax * strangersPerAddressPart,
	'a master may open all its connections before it shows its token on any',
);
assertLimit(hostsPerRequestMax <= hostsInFlightMax, 'one full batch fits in flight');
assertLimit(requestsInFlightMax < callersMax, 'each caller that is served has a ceiling of its own');
assertLimit(connectionsPerWorkerMax <= requestsInFlightMax, 'a worker serves all that its master sends it');
assertLimit(hostsPerRequestMax <= 2 ** 16, 'a position in a request fits 16 bits (columns.ts)');
assertLimit(countMax < 2 ** 16, 'a number of probes fits 16 bits (columns.ts)');
assertLimit(hostBytesMax < bodyBytesMax, 'one host fits a body');
assertLimit(timeoutMsMax < requestMsMax, 'one timeout fits a request');
assertLimit(requestMsMax < requestDeadlineMsMax, 'the longest request fits the longest deadline');
assertLimit(heartbeatMs <= heartbeatMsMax, 'a worker may say how often it says that it is alive');
assertLimit(resultBlockMsMax < heartbeatMs, 'who has results to send needs no sign of life');
assertLimit(resultBlockHostsMax <= hostsPerRequestMax, 'a block is no larger than a batch');
assertLimit(hostBytesMax < shownTextMax, 'the longest host is shown');
assertLimit(hostBytesMax < lineBytesMax, 'a line holds the longest host');
assertLimit(addressesPerLineMax < targetsPerRunMax, 'a line fits a run');
assertLimit(livePagesMax < dashboardConnectionsMax, 'pages that watch leave room for questions');
assertLimit(liveUpdateMs >= 100, 'a page is told of at most ten updates a second');
assertLimit(chunksKeptMax <= chunksHeldMax, 'a page has room for all requests that it is told of at first');
assertLimit(eventsKeptMax <= eventsHeldMax, 'and for all that the run said');
assertLimit(eventsFirstMax < eventsPerRunMax, 'the newest events have room beside the first');
assertLimit(storedEventCharsMax < shownTextMax, 'an event is shown as a whole');
assertLimit(keptKindsMax <= answerKindsMax, 'counts that are kept can be counted anew');
assertLimit(resultsPageMax <= sortedRowsMax, 'a page of rows is cut from a window of them');
assertLimit(resultsPageMax <= placesMax, 'all hosts of a page are found again');
assertLimit(seriesSlicesMax % 2 === 0, 'all slices are in a pair');
assertLimit(databaseBusyMsMax < dashboardQueryMsMax, 'a question outlives a lock');
assertLimit(liveHeartbeatMs < dashboardDrainMs, 'a page that reads is not taken for one that does not');
assertLimit(liveUpdateBusyMs + liveHeartbeatMs < liveSilenceMsMax, 'a stream that is well is not silent');
