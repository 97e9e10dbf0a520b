/** Milliseconds of each unit. Besides d and w these are the units of Go's durations. */
const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
]);

const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|[wdhms]))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|[wdhms])/g;

/**
 * A duration in milliseconds: numbers with units, added up ("8760h", "90d", "1h30m", "1.5s",
 * "500ms"), rounded to a millisecond. The only number without a unit is "0". Null for anything
 * else, and for what would be rounded to 0, since 0 means something of its own.
 */
export function parseDuration(text: string): number | null {
  if (text === "0") return 0;
  if (!WHOLE.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) {
    total += Number(amount) * MILLISECONDS.get(unit!)!;
  }
  const rounded = Math.round(total);
  if (rounded === 0 && /[1-9]/.test(text)) return null;
  return Number.isSafeInteger(rounded) ? rounded : null;
}

/** The shortest text that `parseDuration` reads as these milliseconds; weeks are left as days. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0";
  let rest = milliseconds;
  let text = "";
  for (const [unit, size] of MILLISECONDS) {
    if (unit === "w" || rest < size) continue;
    text += `${Math.floor(rest / size)}${unit}`;
    rest %= size;
  }
  return text;
}
