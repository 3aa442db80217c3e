/**
 * A table of any number of rows, of which only those in view are in the page; more of them load as one scrolls.
 *
 * To keyboards and screen readers it is a grid of rows: one row can be focused at a time, the arrow keys, page keys,
 * Home and End go from row to row, and Enter opens it. Each row says which one it is of all.
 */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import { rememberedRow, rememberRow } from '../state/location.ts';
import type { PagedRows } from './paged-rows.ts';
import './table.css';
import './virtual-table.css';

export interface VirtualColumn<Row> {
	readonly id: string;
	readonly title: string;
	readonly cell: (row: Row) => ComponentChildren;
	readonly isNumber?: boolean;
	/** `cell-…`: its width, and where it is left out */
	readonly className: string;
	/** of a column that sorts: how it does now, and what a click does */
	readonly sort?: { readonly now: 'ascending' | 'descending' | 'none'; readonly onClick: () => void };
}

interface VirtualTableProps<Row> {
	readonly caption: string;
	readonly columns: readonly VirtualColumn<Row>[];
	readonly rows: PagedRows<Row>;
	/** changes with every change of the rows */
	readonly version: number;
	readonly rowPx: number;
	readonly onOpen: (row: Row) => void;
}

/** Rows that are drawn above and below those in view. */
const overscan = 12;
/** Whoever comes back to a row further down than this begins at the top: each page before it is asked for again. */
const rowBackMax = 2_400;
/** Browsers give up on elements of some ten million px. */
const heightPxMax = 8_000_000;

export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
	const { caption, columns, rows, rowPx } = props;
	const scroller = useRef<HTMLElement>(null);
	const [focused, setFocused] = useState(rememberedRow);
	/** until it is there */
	const [backTo, setBackTo] = useState(focused > 0 && focused <= rowBackMax ? focused : undefined);
	const moveFocus = useRef(false);
	const count = Math.min(rows.known + (rows.isEnd ? 0 : 1), Math.floor(heightPxMax / rowPx));
	const virtualizer = useVirtualizer(scroller, count, rowPx);
	const items = virtualizer.getVirtualItems();
	const first = items[0];
	const last = items.at(-1);

	useEffect(() => {
		if (first !== undefined && last !== undefined) rows.want(first.index, Math.max(last.index, backTo ?? 0));
		else rows.want(0, 0);
	}, [rows, first?.index, last?.index, backTo, props.version]);

	useLayoutEffect(() => {
		if (backTo === undefined || (rows.known <= backTo && !rows.isEnd && rows.error === undefined)) return;
		setBackTo(undefined);
		if (rows.known > backTo) virtualizer.scrollToIndex(backTo, { align: 'center' });
	}, [rows, backTo, props.version]);

	useLayoutEffect(() => {
		if (!moveFocus.current) return;
		const element = scroller.current?.querySelector<HTMLElement>(`[data-row="${focused}"]`);
		if (element === null || element === undefined) return;
		moveFocus.current = false;
		element.focus({ preventScroll: true });
	});

	const onOpen = (row: Row, index: number) => {
		rememberRow(index);
		props.onOpen(row);
	};
	const goTo = (index: number) => {
		const to = Math.max(0, Math.min(count - 1, index));
		setFocused(to);
		moveFocus.current = true;
		virtualizer.scrollToIndex(to);
	};
	const onKeyDown = (event: KeyboardEvent) => {
		if (!(event.target instanceof HTMLElement) || event.target.dataset.row === undefined) return;
		const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? rowPx) / rowPx) - 2);
		const moves: Readonly<Record<string, number>> = {
			ArrowDown: focused + 1,
			ArrowUp: focused - 1,
			PageDown: focused + pageRows,
			PageUp: focused - pageRows,
			Home: 0,
			End: rows.known - 1,
		};
		const to = moves[event.key];
		if (to !== undefined) {
			event.preventDefault();
			goTo(to);
			return;
		}
		const row = rows.row(focused);
		if (event.key === 'Enter' && row !== undefined) onOpen(row, focused);
	};

	const focusable = items.some(({ index }) => index === focused) ? focused : (first?.index ?? 0);
	const after = count * rowPx - (last?.end ?? 0);
	return (
		<section class="virtual-table" ref={scroller} aria-label={caption}>
			<table
				class="table"
				// biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the rows of this table take keys
				role="grid"
				aria-rowcount={rows.matching === null ? -1 : rows.matching + 1}
				aria-colcount={columns.length}
				style={{ '--row-height': `${rowPx}px` }}
				onKeyDown={onKeyDown}
			>
				<caption class="visually-hidden">{caption}</caption>
				<thead>
					<tr aria-rowindex={1}>
						{columns.map((column) => (
							<Heading key={column.id} column={column} />
						))}
					</tr>
				</thead>
				<tbody>
					{first !== undefined && <Space heightPx={first.start} />}
					{items.map(({ index }) => (
						<GridRow
							key={index}
							index={index}
							row={rows.row(index)}
							columns={columns}
							isFocusable={index === focusable}
							onFocus={setFocused}
							onOpen={onOpen}
						/>
					))}
					{last !== undefined && <Space heightPx={after} />}
				</tbody>
			</table>
		</section>
	);
}

function useVirtualizer(
	scroller: { readonly current: HTMLElement | null },
	count: number,
	rowPx: number,
): Virtualizer<HTMLElement, HTMLElement> {
	const [, redraw] = useReducer((turn: number) => turn + 1, 0);
	const options = {
		count,
		getScrollElement: () => scroller.current,
		estimateSize: () => rowPx,
		overscan,
		scrollToFn: elementScroll,
		observeElementRect,
		observeElementOffset,
		// The head covers the first rows when they are scrolled to.
		scrollPaddingStart: 44,
		onChange: () => redraw(undefined),
	};
	const [virtualizer] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
	virtualizer.setOptions(options);
	useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
	useLayoutEffect(() => virtualizer._willUpdate());
	return virtualizer;
}

function Heading<Row>({ column }: { readonly column: VirtualColumn<Row> }) {
	const { sort, title } = column;
	const mark = { ascending: '▴', descending: '▾', none: '\u00a0' };
	return (
		<th
			scope="col"
			class={cellClass(column)}
			aria-sort={sort === undefined || sort.now === 'none' ? undefined : sort.now}
		>
			{sort === undefined ? (
				title
			) : (
				<button type="button" class="table-sort" onClick={sort.onClick}>
					{title}
					<span class="table-sort-mark" aria-hidden="true">
						{mark[sort.now]}
					</span>
				</button>
			)}
		</th>
	);
}

interface GridRowProps<Row> {
	readonly index: number;
	/** `undefined` while it is awaited */
	readonly row: Row | undefined;
	readonly columns: readonly VirtualColumn<Row>[];
	readonly isFocusable: boolean;
	readonly onFocus: (index: number) => void;
	readonly onOpen: (row: Row, index: number) => void;
}

function GridRow<Row>({ index, row, columns, isFocusable, onFocus, onOpen }: GridRowProps<Row>) {
	const onClick = (event: MouseEvent) => {
		// A click that ends a selection of text, or is on a link, opens nothing by itself.
		const isLink = event.target instanceof Element && event.target.closest('a') !== null;
		if (row !== undefined && !isLink && getSelection()?.isCollapsed !== false) onOpen(row, index);
	};
	return (
		<tr
			data-row={index}
			aria-rowindex={index + 2}
			tabIndex={isFocusable ? 0 : -1}
			onFocus={() => onFocus(index)}
			onClick={onClick}
		>
			{columns.map((column) => (
				<td key={column.id} class={cellClass(column)}>
					{row === undefined ? <span class="virtual-waiting" /> : column.cell(row)}
				</td>
			))}
		</tr>
	);
}

/** Of one cell: columns that are hidden have none. */
function Space({ heightPx }: { readonly heightPx: number }) {
	if (heightPx <= 0) return null;
	return (
		// biome-ignore lint/a11y/noAriaHiddenOnFocusable: it is not, and there is nothing in it
		<tr class="virtual-space" aria-hidden="true">
			<td style={{ height: `${heightPx}px` }} />
		</tr>
	);
}

function cellClass<Row>(column: VirtualColumn<Row>): string {
	return column.isNumber === true ? `cell-number ${column.className}` : column.className;
}
