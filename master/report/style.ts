/** The look of a report: one block of style in the page, for a screen in either theme and for paper. */
export const style = `
:root { color-scheme: light dark;
	--ground: #fff; --raised: #f5f6f7; --text: #1b1f24; --faint: #59626d; --line: #d5dae0;
	--up: #1a7f4f; --down: #c2362b; --other: #8a6100; }
@media (prefers-color-scheme: dark) { :root {
	--ground: #14171b; --raised: #1d2126; --text: #e7eaee; --faint: #a0a9b4; --line: #363d46;
	--up: #3fb27f; --down: #f0766b; --other: #d7a83d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; background: var(--ground); color: var(--text);
	font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
p { margin: .4rem 0; }
.faint, caption, figcaption, .tick { color: var(--faint); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
.bar { display: flex; height: 1.4rem; border-radius: 4px; overflow: hidden; margin: .8rem 0 .4rem; background: var(--raised); }
.bar svg { width: 100%; height: 100%; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem; }
.card { background: var(--raised); border-radius: 6px; padding: .6rem .8rem; }
.card strong { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; }
.map { width: min(100%, 26rem); height: auto; }
.grid { stroke: var(--line); }
.tick { fill: var(--faint); font-size: 11px; }
svg .up { fill: var(--up); } svg .down { fill: var(--down); } svg .other { fill: var(--other); }
svg .none { fill: var(--raised); }
.word-up { color: var(--up); } .word-down { color: var(--down); } .word-other { color: var(--other); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
	max-width: 20rem; overflow-wrap: break-word; }
th { font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
footer { margin-top: 3rem; color: var(--faint); font-size: .85rem; }
@media print { body { max-width: none; } td { overflow-wrap: anywhere; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
`;
