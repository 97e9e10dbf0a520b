/** Unit, its length in seconds, and the count at which the next one takes over. */
const UNITS: readonly (readonly [string, number, number])[] = [
  ["s", 1, 60],
  ["min", 60, 60],
  ["h", 3600, 48],
  ["days", 86_400, 61],
  ["months", 2_629_800, 24],
  ["years", 31_557_600, Infinity],
];

/** Durations of fewer days also show hours. */
const DAYS_WITH_HOURS = 7;

/** A duration, rounded down: `4 min`, `3 days 5 h`, `41 days`, `6 years`. */
export function lengthText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  for (const [unit, size, count] of UNITS) {
    const number = Math.floor(seconds / size);
    if (number >= count) continue;
    const hours = Math.floor(seconds % size / 3600);
    const hasHours = unit === "days" && number < DAYS_WITH_HOURS && hours > 0;
    return hasHours ? `${number} ${unit} ${hours} h` : `${number} ${unit}`;
  }
  return "";
}

/** A time relative to `now`: `4 min ago`, `in 2 h`. Both in milliseconds since the epoch. */
export function relativeText(at: number, now: number): string {
  const passed = now - at;
  if (Math.abs(passed) < 1000) return "now";
  return passed > 0 ? `${lengthText(passed)} ago` : `in ${lengthText(-passed)}`;
}
