/**
 * The page of a report: one file with everything in it, without a script, which shows the same wherever it is opened.
 * Its policy lets nothing be loaded, from anywhere.
 */
import { createHash } from 'node:crypto';
import type { Change, Comparison, PrefixMap, ResultRow, RunDetail } from '../../shared/dashboard-api.ts';
import {
	formatCount,
	formatDuration,
	formatMs,
	formatPlural,
	formatShare,
	formatUtc,
} from '../../shared/format.ts';
import { othersOf, statuses } from '../../shared/outcome.ts';
import { mapChart, rateChart, rttChart } from './charts.ts';
import { foreign, html, table } from './html.ts';
import { style } from './style.ts';

export interface Report {
	readonly version: string;
	/** path of the database, as its user gave it */
	readonly db: string;
	readonly madeAtMs: number;
	readonly detail: RunDetail;
	/** `undefined` when the run has no IPv4 addresses */
	readonly map: PrefixMap | undefined;
	/** against the run before it; `undefined` when there is none */
	readonly comparison: Comparison | undefined;
	/** hosts that are not up, of which there may be more */
	readonly notUp: readonly ResultRow[];
}

/** The whole page, as HTML. */
export function reportPage(report: Report): string {
	const { detail, version, db, madeAtMs } = report;
	const title = `pingpool: run ${detail.run.id}`;
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${html(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${[head(detail), status(detail), pictures(detail), why(detail), workers(detail), addresses(report), changes(report), hosts(report)].filter((part) => part !== '').join('\n')}
</main>
<footer>Made by pingpool ${html(version)} from ${foreign(db)}, ${html(formatUtc(madeAtMs))}.</footer>
</body>
</html>
`;
}

function head({ run, done }: RunDetail): string {
	const { id, state, startedAtMs, finishedAtMs, total, options } = run;
	const tookMs = finishedAtMs === null ? undefined : finishedAtMs - startedAtMs;
	const rate = tookMs !== undefined && tookMs > 0 ? ` (${formatCount((done * 1000) / tookMs)} hosts/s)` : '';
	const facts: [string, string][] = [
		['state', html(state)],
		['hosts', done === total ? formatCount(total) : `${formatCount(done)} of ${formatCount(total)}`],
		['started', html(formatUtc(startedAtMs))],
		['took', tookMs === undefined ? 'not over' : `${html(formatDuration(tookMs))}${rate}`],
	];
	const asked = Object.entries(options)
		.filter(([, value]) => value !== null)
		.map(([name, value]) => `${name} ${value}`);
	if (asked.length > 0) facts.push(['asked with', foreign(asked.join(', '))]);
	const list = facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('');
	return `<h1>Run ${id}</h1>\n<dl>${list}</dl>`;
}

/** The class of a status' colour. */
function kindOf(name: string): 'up' | 'down' | 'other' {
	return name === 'up' || name === 'down' ? name : 'other';
}

function status({ byStatus, done }: RunDetail): string {
	const kinds = [byStatus.up, byStatus.down, done - byStatus.up - byStatus.down];
	let at = 0;
	const parts = kinds.map((hosts, i) => {
		const share = done === 0 ? 0 : (100 * hosts) / done;
		const rect = `<rect class="${['up', 'down', 'other'][i]}" x="${at}" y="0" width="${share}" height="10"/>`;
		at += share;
		return rect;
	});
	const cards = statuses
		.filter((name) => byStatus[name] > 0 || kindOf(name) !== 'other')
		.map(
			(name) =>
				`<div class="card"><span class="word-${kindOf(name)}">${name}</span>` +
				`<strong>${formatCount(byStatus[name])}</strong><span class="faint">${formatShare(byStatus[name], done)}</span></div>`,
		);
	return `<h2>What the hosts are</h2>
<div class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="Shares of up, down and others, as below">${parts.join('')}</svg></div>
<div class="cards">${cards.join('')}</div>`;
}

function pictures({ series, rtt, rttHistogram }: RunDetail): string {
	const charts = [rateChart(series), rttChart(rttHistogram)].filter((chart) => chart !== undefined);
	const row =
		rtt === null ? [] : [[rtt.p50, rtt.p90, rtt.p95, rtt.p99, rtt.max].map((ms) => html(formatMs(ms)))];
	const heads = ['half', '90 %', '95 %', '99 %', 'all'].map((text) => ({
		head: `${text} within`,
		isNumber: true,
	}));
	const percentiles = row.length === 0 ? '' : table('Round-trip times of hosts that are up', heads, row);
	return charts.length === 0 && percentiles === ''
		? ''
		: `<h2>How fast</h2>\n${charts.join('\n')}\n${percentiles}`;
}

function why({ byReason, done }: RunDetail): string {
	const reasons = Object.entries(byReason).sort((a, b) => b[1] - a[1]);
	if (reasons.length === 0) return '';
	const rows = reasons.map(([reason, hosts]) => [
		foreign(reason),
		formatCount(hosts),
		formatShare(hosts, done),
	]);
	const columns = [{ head: 'reason' }, number('hosts'), number('of all')];
	return `<h2>Why hosts are not up</h2>\n${table('Hosts by reason', columns, rows)}`;
}

function workers({ byWorker }: RunDetail): string {
	if (byWorker.length === 0) return '';
	const rows = byWorker.map(({ worker, byStatus }) => [
		foreign(worker),
		...[byStatus.up, byStatus.down, othersOf(byStatus)].map(formatCount),
	]);
	const columns = [{ head: 'worker' }, number('up'), number('down'), number('other')];
	return `<h2>Who asked</h2>\n${table('Answers by worker', columns, rows)}`;
}

function number(head: string) {
	return { head, isNumber: true };
}

function addresses({ map }: Report): string {
	if (map === undefined || map.squares.length === 0) return '';
	const [address = '', length = '0'] = map.prefix.split('/');
	const bits = Number(length);
	const octets = address.split('.');
	const nameOf = (index: number): string => {
		const child = octets.map((octet, i) => (i === bits / 8 ? String(index) : octet)).join('.');
		return bits === 24 ? child : `${child}/${bits + 8}`;
	};
	const worst = [...map.squares].filter(({ down }) => down > 0).sort((a, b) => b.down - a.down);
	const rows = worst
		.slice(0, 16)
		.map(({ index, hosts, up, down, other }) => [
			html(nameOf(index)),
			...[hosts, up, down, other].map(formatCount),
		]);
	const columns = [{ head: 'block' }, number('hosts'), number('up'), number('down'), number('other')];
	const elsewhere =
		map.elsewhere === 0 ? '' : ` ${formatPlural(map.elsewhere, 'host')} of the run are no addresses in it.`;
	return `<h2>Where</h2>
<p>${html(map.prefix)}: a square per ${bits === 24 ? 'address' : `/${bits + 8}`}, sixteen in a row; the fuller its colour, the more of it is up.${elsewhere}</p>
${mapChart(map.squares, nameOf)}
${rows.length === 0 ? '' : table('Blocks with most hosts that are down', columns, rows)}`;
}

/** What is worth reading first. */
const changeHeads = {
	'newly-down': 'newly down',
	'newly-up': 'newly up',
	slower: 'slower',
	faster: 'faster',
	other: 'changed otherwise',
	added: 'not asked before',
	removed: 'not asked any more',
} as const;

function changes({ comparison }: Report): string {
	if (comparison === undefined) return '';
	const { before, counts, changes } = comparison;
	const kinds = Object.keys(changeHeads) as (keyof typeof changeHeads)[];
	const said = kinds
		.filter((kind) => counts[kind] > 0)
		.map((kind) => `${formatCount(counts[kind])} ${changeHeads[kind]}`);
	const summary = said.length === 0 ? 'nothing has changed' : said.join(', ');
	const rows = changes.map((change) => [
		foreign(change.host),
		html(changeHeads[change.kind]),
		side(change.before),
		side(change.after),
	]);
	const total = kinds.reduce((sum, kind) => sum + counts[kind], 0);
	const more =
		total > rows.length
			? `<p class="faint">The first ${formatCount(rows.length)} of ${formatCount(total)}; pingpool diff has all of them.</p>`
			: '';
	const columns = [{ head: 'host' }, { head: 'change' }, { head: 'before' }, { head: 'now' }];
	return `<h2>Since run ${before.id}</h2>
<p>Compared with run ${before.id} of ${html(formatUtc(before.startedAtMs))}: ${html(summary)}.</p>
${rows.length === 0 ? '' : table('Changes', columns, rows)}${more}`;
}

function side(side: Change['before']): string {
	if (side === null) return '–';
	const { status, reason, rttMs } = side;
	const words = [status, reason, rttMs === null ? null : formatMs(rttMs)].filter((word) => word !== null);
	return `<span class="word-${kindOf(status)}">${html(words.join(' '))}</span>`;
}

function hosts({ notUp, detail }: Report): string {
	if (notUp.length === 0) return '';
	const rows = notUp.map(({ host, status, reason, worker, checkedAtMs }) => [
		foreign(host),
		`<span class="word-${kindOf(status)}">${html(status)}</span>`,
		reason === null ? '' : foreign(reason),
		worker === null ? '' : foreign(worker),
		html(formatUtc(checkedAtMs)),
	]);
	const total = detail.done - detail.byStatus.up;
	const more =
		total > rows.length
			? `<p class="faint">The first ${formatCount(rows.length)} of ${formatCount(total)}; pingpool export --run ${detail.run.id} --status down,unresolved,denied,error has all of them.</p>`
			: '';
	const columns = ['host', 'status', 'reason', 'worker', 'checked'].map((head) => ({ head }));
	return `<h2>Hosts that are not up</h2>\n${table('Hosts that are not up', columns, rows)}${more}`;
}
