import { visible } from "./terminal_text.ts";

export interface Column<R> {
  readonly title: string;
  /** For numbers; otherwise left-aligned. */
  readonly align?: "right";
  readonly text: (row: R) => string;
  /** Colours a cell. Its text already has its final width. */
  readonly paint?: (text: string, row: R) => string;
  /**
   * Left out if the table is too wide, columns with the highest number first; never without one.
   */
  readonly yields?: number;
  /** Shortens a text to a width. Without it, the column never shrinks. */
  readonly shorten?: (text: string, width: number) => string;
}

const GAP = 2;
/** The least width of a column that can be shortened. */
const MIN_WIDTH = 14;

interface Laid<R> {
  readonly column: Column<R>;
  readonly texts: readonly string[];
  readonly width: number;
}

/** Renders a line of titles and a line for each row. `maxWidth` is in characters. */
export function renderTable<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  paintTitle: (text: string) => string = (text) => text,
  maxWidth = Infinity,
): string {
  const laid = fitted(columns.map((column) => layOut(column, rows)), maxWidth);
  const padded = laid.map(
    ({ column: { title, align, paint = (text) => text }, texts, width }, at) => {
      const isLast = at === laid.length - 1;
      const pad = (text: string) =>
        align === "right" ? text.padStart(width) : isLast ? text : text.padEnd(width);
      return { title: pad(title), cells: rows.map((row, index) => paint(pad(texts[index]!), row)) };
    },
  );
  return [
    paintTitle(padded.map(({ title }) => title).join("  ")),
    ...rows.map((_, index) => padded.map(({ cells }) => cells[index]).join("  ")),
  ].join("\n");
}

function layOut<R>(column: Column<R>, rows: readonly R[]): Laid<R> {
  const texts = rows.map((row) => visible(column.text(row)));
  const width = Math.max(column.title.length, ...texts.map(({ length }) => length));
  return { column, texts, width };
}

/** The columns that fit, in their order. Shortens columns before it leaves one out. */
function fitted<R>(laid: readonly Laid<R>[], maxWidth: number): readonly Laid<R>[] {
  const surplus = widthOf(laid) - maxWidth;
  if (surplus <= 0) return laid;
  const spare = laid.reduce((sum, each) => sum + each.width - leastWidthOf(each), 0);
  const [first] = laid.filter(({ column }) => column.yields !== undefined)
    .toSorted((a, b) => b.column.yields! - a.column.yields!);
  if (spare < surplus && first !== undefined) {
    return fitted(laid.filter((each) => each !== first), maxWidth);
  }
  return laid.map((each) => {
    const { shorten } = each.column;
    if (shorten === undefined) return each;
    const width = Math.max(leastWidthOf(each), each.width - surplus);
    const fit = (text: string) => text.length <= width ? text : shorten(text, width);
    return { ...each, width, texts: each.texts.map(fit) };
  });
}

function leastWidthOf<R>({ column, width }: Laid<R>): number {
  return column.shorten === undefined ? width : Math.min(width, MIN_WIDTH);
}

function widthOf<R>(laid: readonly Laid<R>[]): number {
  return laid.reduce((sum, { width }) => sum + width, 0) + GAP * Math.max(0, laid.length - 1);
}
