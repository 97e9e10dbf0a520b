import { type Paints, visible } from "../terminal_text.ts";

/**
 * A changed setting as lines: a short value on one line, a longer text as removed and added lines.
 */
export function renderSettingChange(
  { name, before, after }: {
    readonly name: string;
    readonly before: string | null;
    readonly after: string | null;
  },
  paints: Paints,
): string[] {
  const isLong = [before, after].some((text) => text !== null && text.includes("\n"));
  if (!isLong) {
    return [
      `  ${paints.title(visible(name))}  ${visible(before ?? "none")} -> ${
        visible(after ?? "none")
      }`,
    ];
  }
  const lines = (text: string | null, sign: string, paint: (line: string) => string) =>
    text === null
      ? []
      : text.trimEnd().split("\n").map((line) => paint(`    ${sign}${visible(line)}`));
  return [
    `  ${paints.title(visible(name))}`,
    ...lines(before, "-", paints.bad),
    ...lines(after, "+", paints.good),
  ];
}
