/** Longer texts are unlikely to recur. */
const MAX_LENGTH = 256;
const MAX_RESULTS = 2_000;

/** Caches `compute`, a pure function of a text, for texts that recur. */
export function remembered<T>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    // Rare with so many entries, and cheaper than finding out which ones no longer recur.
    if (results.size >= MAX_RESULTS) results.clear();
    if (text.length <= MAX_LENGTH) results.set(text, result);
    return result;
  };
}
