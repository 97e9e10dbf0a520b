/** A Markdown table with aligned columns, as `deno fmt` writes it. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const [head, ...body] = cells.map((row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`
  );
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body].join("\n");
}

/** Text in a code span. */
export function code(text: string): string {
  return `\`${text}\``;
}

/**
 * Replaces the generated parts of a document. Each stands between `<!-- generated: NAME -->` and
 * `<!-- end -->`; everything else is written by hand.
 *
 * @throws {Error} if the document lacks a part or has one that is not given.
 */
export function fillParts(text: string, parts: Readonly<Record<string, string>>): string {
  const missing = new Set(Object.keys(parts));
  const filled = text.replace(
    /(<!-- generated: (.+) -->\n)[^]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      if (!missing.delete(name)) {
        throw new Error(`Cannot generate the part "${name}": no such part.`);
      }
      return `${begin}\n${parts[name]}\n\n${end}`;
    },
  );
  if (missing.size === 0) return filled;
  throw new Error(`Cannot generate ${[...missing].join(", ")}: the document has no such part.`);
}
