import { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors";
import type { Output } from "./output.ts";

/** Characters that move the cursor, rewrite the screen or cannot be seen. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Makes text from elsewhere safe to show on one line of a terminal. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0)?.toString(16).padStart(4, "0");
    return `\\u{${code}}`;
  });
}

/** As `visible`, for a line of a file: a tab is an arrow, because many lines begin with some. */
export function visibleLine(text: string): string {
  return text.split("\t").map(visible).join("→   ");
}

type Paint = (text: string) => string;

/** Colours by their meaning. */
export interface Paints {
  readonly title: Paint;
  readonly good: Paint;
  readonly doubtful: Paint;
  readonly bad: Paint;
  readonly faint: Paint;
  readonly accent: Paint;
}

const PLAIN: Paints = {
  title: (text) => text,
  good: (text) => text,
  doubtful: (text) => text,
  bad: (text) => text,
  faint: (text) => text,
  accent: (text) => text,
};

const COLORED: Paints = {
  title: bold,
  good: green,
  doubtful: yellow,
  bad: red,
  faint: dim,
  accent: cyan,
};

/** Real colours, or none if `output` does not want them. */
export function paintsFor({ color = false }: Pick<Output, "color">): Paints {
  return color ? COLORED : PLAIN;
}

/** Lines of a name and a value each, the values aligned. */
export function renderFacts(
  facts: readonly (readonly [name: string, value: string])[],
  paints: Paints,
): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${paints.title(name.padEnd(width))}  ${visible(value)}`)
    .join("\n");
}
