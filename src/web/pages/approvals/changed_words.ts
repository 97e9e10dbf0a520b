import { diffWordsWithSpace } from "diff";

/** Character offsets in a line, the end exclusive. */
export type Span = readonly [start: number, end: number];

/** The changed words of two lines. */
export interface ChangedWords {
  readonly before: readonly Span[];
  readonly after: readonly Span[];
}

/** With more changed words than this, the line counts as replaced and no word is marked. */
const MAX_EDITS = 60;
/** The share of the longer line that must be unchanged, for the same reason. */
const MIN_COMMON = 0.25;

/** The words that differ between two lines; none if they have little in common. */
export function changedWords(before: string, after: string): ChangedWords {
  const parts = diffWordsWithSpace(before, after, { maxEditLength: MAX_EDITS });
  if (parts === undefined) return { before: [], after: [] };
  const spans = { before: [] as Span[], after: [] as Span[] };
  let [oldAt, newAt, common] = [0, 0, 0];
  for (const { value, added, removed } of parts) {
    if (removed) spans.before.push([oldAt, oldAt + value.length]);
    else if (added) spans.after.push([newAt, newAt + value.length]);
    else if (/\w/.test(value)) common += value.length;
    if (!added) oldAt += value.length;
    if (!removed) newAt += value.length;
  }
  const isAnother = common < MIN_COMMON * Math.max(before.length, after.length);
  return isAnother ? { before: [], after: [] } : spans;
}
