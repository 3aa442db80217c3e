/**
 * A table of rows that are all in the page. Headings that sort are buttons; the head stays while the rows scroll, and
 * the region that scrolls sideways can be reached by keyboard.
 */
import type { ComponentChildren, Key } from 'preact';
import './table.css';

export interface Column<Row> {
	readonly id: string;
	readonly title: string;
	/** what the title stands for, shown to who points at it */
	readonly about?: string;
	readonly cell: (row: Row) => ComponentChildren;
	/** numbers stand at the end */
	readonly isNumber?: boolean;
	readonly isSortable?: boolean;
	/** heads its row */
	readonly isRowHead?: boolean;
	/** for styles: `cell-…` */
	readonly className?: string;
}

export interface SortOrder {
	readonly column: string;
	readonly isDescending: boolean;
}

interface TableProps<Row> {
	/** what the table is about, for those who do not see it */
	readonly caption: string;
	readonly columns: readonly Column<Row>[];
	readonly rows: readonly Row[];
	readonly rowKey: (row: Row) => Key;
	readonly sort?: SortOrder;
	readonly onSort?: (order: SortOrder) => void;
	/** for styles */
	readonly className?: string;
	/** rows become cards where the page is narrow */
	readonly isCardsWhenNarrow?: boolean;
	/** a row of its own under a row; `null` for none */
	readonly below?: (row: Row) => ComponentChildren;
}

/** Said again because cards (`display: block`) are no table to some browsers. */
const roles = {
	table: { role: 'table' },
	rowgroup: { role: 'rowgroup' },
	row: { role: 'row' },
	columnheader: { role: 'columnheader' },
	rowheader: { role: 'rowheader' },
	cell: { role: 'cell' },
} as const;

export function Table<Row>(props: TableProps<Row>) {
	const { caption, columns, rows, rowKey, sort, onSort, below } = props;
	const classes = ['table', props.isCardsWhenNarrow === true ? 'table-cards' : '', props.className ?? ''];
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
		<div class="table-scroll" role="group" aria-label={caption} tabIndex={0}>
			<table class={joined(classes)} {...roles.table}>
				<caption class="visually-hidden">{caption}</caption>
				<thead {...roles.rowgroup}>
					<tr {...roles.row}>
						{columns.map((column) => (
							<Heading key={column.id} column={column} sort={sort} onSort={onSort} />
						))}
					</tr>
				</thead>
				<tbody {...roles.rowgroup}>
					{rows.map((row) => {
						const more = below?.(row) ?? null;
						return [
							<Row key={rowKey(row)} columns={columns} row={row} />,
							more !== null && (
								<tr key={`${rowKey(row)} below`} {...roles.row} class="table-below">
									<td {...roles.cell} colSpan={columns.length}>
										{more}
									</td>
								</tr>
							),
						];
					})}
				</tbody>
			</table>
		</div>
	);
}

interface HeadingProps<Row> {
	readonly column: Column<Row>;
	readonly sort: SortOrder | undefined;
	readonly onSort: ((order: SortOrder) => void) | undefined;
}

function Heading<Row>({ column, sort, onSort }: HeadingProps<Row>) {
	const isSorted = sort?.column === column.id;
	const isDescending = isSorted && sort.isDescending;
	// Numbers are looked at from the largest down, texts from A on.
	const next = isSorted ? !isDescending : column.isNumber === true;
	return (
		<th
			{...roles.columnheader}
			scope="col"
			class={cellClass(column)}
			title={column.about}
			aria-sort={isSorted ? (isDescending ? 'descending' : 'ascending') : undefined}
		>
			{column.isSortable === true && onSort !== undefined ? (
				<button
					type="button"
					class="table-sort"
					onClick={() => onSort({ column: column.id, isDescending: next })}
				>
					{column.title}
					<span class="table-sort-mark" aria-hidden="true">
						{isSorted ? (isDescending ? '▾' : '▴') : ''}
					</span>
				</button>
			) : (
				column.title
			)}
		</th>
	);
}

function Row<Row>({ columns, row }: { readonly columns: readonly Column<Row>[]; readonly row: Row }) {
	return (
		<tr {...roles.row}>
			{columns.map((column) =>
				column.isRowHead === true ? (
					<th key={column.id} {...roles.rowheader} scope="row" class={cellClass(column)}>
						{column.cell(row)}
					</th>
				) : (
					<td key={column.id} {...roles.cell} class={cellClass(column)} data-label={column.title}>
						{column.cell(row)}
					</td>
				),
			)}
		</tr>
	);
}

function cellClass<Row>(column: Column<Row>): string | undefined {
	const classes = [column.isNumber === true ? 'cell-number' : '', column.className ?? ''];
	return joined(classes) || undefined;
}

function joined(classes: readonly string[]): string {
	return classes.filter((name) => name !== '').join(' ');
}
