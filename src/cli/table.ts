import { visible } from "./terminal_text.ts";

/** A column of a table. */
export interface Column<R> {
  readonly title: string;
  /** Numbers are aligned to the right. */
  readonly align?: "right";
  readonly text: (row: R) => string;
  /** Colours a cell, whose text has its final width already. */
  readonly paint?: (text: string, row: R) => string;
}

/** A line of titles and a line for each row, with two spaces between columns. */
export function renderTable<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  paintTitle: (text: string) => string = (text) => text,
): string {
  const padded = columns.map(({ title, align, text, paint = (text) => text }, index) => {
    const cells = rows.map((row) => ({ row, text: visible(text(row)) }));
    const width = Math.max(title.length, ...cells.map(({ text }) => text.length));
    const isLast = index === columns.length - 1;
    const pad = (text: string) =>
      align === "right" ? text.padStart(width) : isLast ? text : text.padEnd(width);
    return { title: pad(title), cells: cells.map(({ row, text }) => paint(pad(text), row)) };
  });
  return [
    paintTitle(padded.map(({ title }) => title).join("  ")),
    ...rows.map((_, index) => padded.map(({ cells }) => cells[index]).join("  ")),
  ].join("\n");
}
