import type { ComponentChildren } from "preact";
import type { Visit } from "../visit.ts";
import { useVisit } from "../visit_context.ts";

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Value of the query parameter `sort` for this column; without one, it cannot be sorted. */
  readonly sort?: string;
  /** Numbers are aligned to the right. */
  readonly isNumber?: boolean;
  /** The title of a column with buttons is only for screen readers. */
  readonly isAction?: boolean;
  /** The narrowest screen that shows it. Default: all. */
  readonly from?: "medium" | "wide";
}

/**
 * A table whose first column names the row. Rows must be sorted already; the sort order is in the
 * URL, so that it can be linked to and survives a reload.
 */
export function Table<Row>(
  { name, columns, rows, keyOf }: {
    /** The name of the table, for screen readers. */
    name: string;
    columns: readonly Column<Row>[];
    rows: readonly Row[];
    keyOf: (row: Row) => string;
  },
) {
  const [first, ...others] = columns;
  if (first === undefined) return null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={name}>
      <table>
        <thead>
          <tr>{columns.map((column) => <Head column={column as Column<never>} />)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              <th scope="row" class={classOf(first)}>{first.cell(row)}</th>
              {others.map((column) => <td class={classOf(column)}>{column.cell(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head({ column }: { column: Column<never> }) {
  const visit = useVisit();
  const { title, sort, isAction = false } = column;
  if (sort === undefined) {
    return (
      <th scope="col" class={classOf(column)}>
        {isAction ? <span class="unseen">{title}</span> : title}
      </th>
    );
  }
  const current = visit.query("sort");
  const direction = current === sort ? "ascending" : current === `-${sort}` ? "descending" : null;
  const next = direction === "ascending" ? `-${sort}` : sort;
  return (
    <th scope="col" class={classOf(column)} aria-sort={direction ?? undefined}>
      <a href={visit.here({ sort: next, page: null })}>{title}</a>
    </th>
  );
}

function classOf<Row>(
  { isNumber = false, isAction = false, from }: Column<Row>,
): string | undefined {
  const classes = [
    ...isNumber || isAction ? ["numeric"] : [],
    ...from === undefined ? [] : [`from-${from}`],
  ];
  return classes.length === 0 ? undefined : classes.join(" ");
}

/** One page of a list that is held in memory. */
export interface Listed<Row> {
  readonly rows: readonly Row[];
  /** Number of matching rows on all pages. */
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
}

/** Searches, sorts and pages rows by the query parameters `q`, `sort` and `page`. */
export function listed<Row>(
  visit: Visit,
  all: readonly Row[],
  { search, sorts, perPage = 50 }: {
    /** The text of a row to search. */
    search: (row: Row) => string;
    /** Sort keys by the columns' `sort`. */
    sorts: Readonly<Record<string, (row: Row) => string | number | null>>;
    perPage?: number;
  },
): Listed<Row> {
  const words = visit.query("q").toLowerCase().split(/\s+/).filter((word) => word !== "");
  const found = all.filter((row) => {
    const text = search(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const wanted = visit.query("sort");
  const by = sorts[wanted.replace(/^-/, "")];
  const sign = wanted.startsWith("-") ? -1 : 1;
  const sorted = by === undefined ? found : found.toSorted((a, b) => sign * compare(by(a), by(b)));
  const pages = Math.max(1, Math.ceil(sorted.length / perPage));
  const page = Math.min(pages, Math.max(1, Math.trunc(Number(visit.query("page"))) || 1));
  const start = (page - 1) * perPage;
  return { rows: sorted.slice(start, start + perPage), total: sorted.length, page, pages };
}

/** Null comes first. */
function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return a < b ? -1 : a > b ? 1 : 0;
}
