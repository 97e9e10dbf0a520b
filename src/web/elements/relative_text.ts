/** Unit, its length in seconds, and from which count on the next one is used. */
const UNITS: readonly (readonly [string, number, number])[] = [
  ["s", 1, 60],
  ["min", 60, 60],
  ["h", 3600, 48],
  ["days", 86_400, Infinity],
];

/** A length of time for people, rounded down: `4 min`. */
export function lengthText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  for (const [unit, size, count] of UNITS) {
    const number = Math.floor(seconds / size);
    if (number < count) return `${number} ${unit}`;
  }
  return "";
}

/** A point in time for people, by how far it is from `now`: `4 min ago`, `in 2 h`. */
export function relativeText(at: number, now: number): string {
  const passed = now - at;
  if (Math.abs(passed) < 1000) return "now";
  return passed > 0 ? `${lengthText(passed)} ago` : `in ${lengthText(-passed)}`;
}
