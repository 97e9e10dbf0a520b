/** Longer texts are not likely to come again. */
const MAX_LENGTH = 256;
const MAX_RESULTS = 2_000;

/** `compute`, a pure function of a text, with its results for texts that come again and again. */
export function remembered<T>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    // Rare enough for so many, and cheaper than to find out which come no more.
    if (results.size >= MAX_RESULTS) results.clear();
    if (text.length <= MAX_LENGTH) results.set(text, result);
    return result;
  };
}
