import { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors";
import type { Output } from "./output.ts";

type Paint = (text: string) => string;

/** What colours stand for, where there are colours. */
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

export function paintsFor({ color = false }: Output): Paints {
  return color ? COLORED : PLAIN;
}
