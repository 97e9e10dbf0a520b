import { dateOf } from "../../repositories/database_date.ts";
import type { CopiedSet } from "./copy_set.ts";
import { isOlder } from "./database_order.ts";

/** Whether a set is complete: all of it is understood, and its signatures fit. */
export function isComplete(
  { companions, hasWrongSignature, index }: CopiedSet,
  expectsSignature: boolean,
): boolean {
  const isSigned = "db.sig" in companions || !expectsSignature;
  return isSigned && !hasWrongSignature && index.problems.length === 0;
}

/**
 * The best of several sets: complete ones first, then those that are understood, then the newest.
 */
export function bestOf(sets: readonly CopiedSet[], expectsSignature: boolean): CopiedSet | null {
  const rank = (set: CopiedSet) =>
    Number(isComplete(set, expectsSignature)) * 4 + Number(set.index.problems.length === 0) * 2 +
    Number("db.sig" in set.companions);
  const dated = ({ index, database }: CopiedSet) => ({
    index,
    date: dateOf(database.description.lastModified),
  });
  let best: CopiedSet | null = null;
  for (const set of sets) {
    const order = best === null ? 1 : rank(set) - rank(best);
    if (best === null || order > 0 || order === 0 && isOlder(dated(best), dated(set))) best = set;
  }
  return best;
}
