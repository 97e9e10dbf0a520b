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
  const cells = rows.map((row) => columns.map(({ text }) => visible(text(row))));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((each) => each[index]!.length))
  );
  const pad = (text: string, index: number) => {
    const isLast = index === columns.length - 1;
    if (columns[index]!.align === "right") return text.padStart(widths[index]!);
    return isLast ? text : text.padEnd(widths[index]!);
  };
  const title = columns.map(({ title }, index) => pad(title, index)).join("  ");
  return [
    paintTitle(title),
    ...rows.map((row, at) =>
      columns.map(({ paint = (text) => text }, index) => paint(pad(cells[at]![index]!, index), row))
        .join("  ")
    ),
  ].join("\n");
}
