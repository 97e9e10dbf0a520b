/** Width of the help of a program, in characters. */
export const HELP_WIDTH = 80;

/** Rows of a term and its text, indented, with the texts wrapped and aligned in `HELP_WIDTH`. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.max(...rows.map(([term]) => term.length)) + 2;
  return rows.flatMap(([term, text]) =>
    wrap(text, HELP_WIDTH - left - 2).map((line, index) =>
      `  ${(index === 0 ? term : "").padEnd(left)}${line}`
    )
  );
}

/** A text as lines of at most `width` characters, except for longer words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || longer.length <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}
