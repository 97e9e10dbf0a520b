import type { Span } from "./changed_words.ts";
import type { Token } from "./shell_tokens.ts";

/** A part of a line with uniform markup. */
export interface Segment {
  readonly text: string;
  readonly kind: string | null;
  readonly isChanged: boolean;
}

/** Splits tokens where a changed word begins or ends. */
export function segmentsOf(tokens: readonly Token[], changed: readonly Span[]): Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  for (const { text, kind } of tokens) {
    const end = at + text.length;
    const cuts = changed.flat().filter((each) => each > at && each < end);
    let from = at;
    for (const to of [...cuts, end]) {
      const isChanged = changed.some(([start, stop]) => start <= from && to <= stop);
      segments.push({ text: text.slice(from - at, to - at), kind, isChanged });
      from = to;
    }
    at = end;
  }
  return segments;
}
