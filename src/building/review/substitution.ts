/** Corresponding texts before and after a change. */
export interface Substitution {
  readonly before: string;
  readonly after: string;
}

/** Longer texts are not compared. */
const MAX_LENGTH = 8192;
const MAX_SUBSTITUTIONS = 200;
const MAX_STEPS = 12_000;

/** Whether one text becomes the other by the given substitutions and nothing else. */
export function isSubstituted(
  before: string,
  after: string,
  substitutions: readonly Substitution[],
): boolean {
  if (before === after) return true;
  if (before.length > MAX_LENGTH || after.length > MAX_LENGTH) return false;
  const usable = Map.groupBy(
    substitutions.filter(({ before: from, after: to }) => from !== to && from !== "")
      .slice(0, MAX_SUBSTITUTIONS),
    (substitution) => substitution.before[0],
  );
  const seen = new Set<number>();
  const open: [number, number][] = [[0, 0]];
  while (open.length > 0) {
    const [i, j] = open.pop()!;
    if (i === before.length && j === after.length) return true;
    const place = i * (MAX_LENGTH + 1) + j;
    if (seen.has(place)) continue;
    seen.add(place);
    if (seen.size > MAX_STEPS) return false;
    if (i < before.length && before[i] === after[j]) open.push([i + 1, j + 1]);
    for (const { before: from, after: to } of usable.get(before[i]) ?? []) {
      if (before.startsWith(from, i) && after.startsWith(to, j)) {
        open.push([i + from.length, j + to.length]);
      }
    }
  }
  return false;
}
