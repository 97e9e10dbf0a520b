import { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors";
import type { Output } from "./output.ts";

/** Invisible characters, including those that control the terminal. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Makes untrusted text safe to print on one line: invisible characters become `\u{...}`. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0)?.toString(16).padStart(4, "0");
    return `\\u{${code}}`;
  });
}

/** Like `visible`, for a line of a file: tabs, which are common there, become arrows. */
export function visibleLine(text: string): string {
  return text.split("\t").map(visible).join("→   ");
}

type Paint = (text: string) => string;

/** Colours by meaning. */
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

/** Colours for an output, or none if it has none. */
export function paintsFor({ color = false }: Pick<Output, "color">): Paints {
  return color ? COLORED : PLAIN;
}

/** Renders names and values line by line, with the values aligned. */
export function renderFacts(
  facts: readonly (readonly [name: string, value: string])[],
  paints: Paints,
): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${paints.title(name.padEnd(width))}  ${visible(value)}`)
    .join("\n");
}
