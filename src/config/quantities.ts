/** Milliseconds per unit: Go's duration units, and days and weeks. */
const MILLISECONDS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
]);

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[wdhms]))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|[wdhms])/g;

/**
 * Reads a duration: the sum of numbers with units ("8760h", "90d", "1h30m", "1.5s", "500ms"), or
 * "0". Returns milliseconds, rounded; null for any other text, and for one that would be rounded to
 * 0, since 0 has a meaning of its own.
 */
export function parseDuration(text: string): number | null {
  if (text === "0") return 0;
  if (!DURATION.test(text)) return null;
  let total = 0;
  for (const [, amount, unit = ""] of text.matchAll(DURATION_PART)) {
    total += Number(amount) * (MILLISECONDS_PER_UNIT.get(unit) ?? NaN);
  }
  const rounded = Math.round(total);
  if (rounded === 0 && /[1-9]/.test(text)) return null;
  return Number.isSafeInteger(rounded) ? rounded : null;
}

/** Formats a duration for `parseDuration`, with days as its largest unit. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0";
  let rest = milliseconds;
  let text = "";
  for (const [unit, size] of MILLISECONDS_PER_UNIT) {
    if (unit === "w" || rest < size) continue;
    text += `${Math.floor(rest / size)}${unit}`;
    rest %= size;
  }
  return text;
}

/**
 * Bytes per unit, in steps of 1024 with and without the "i": in configuration files of the Go
 * version "GB" means 1024 * 1024 * 1024 bytes.
 */
const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["T", 1024 ** 4],
  ["G", 1024 ** 3],
  ["M", 1024 ** 2],
  ["K", 1024],
  ["", 1],
]);

const BYTE_SIZE = /^(\d+(?:\.\d+)?) ?(?:([KMGT])(?:I?B)?|B)$/;

/**
 * Reads a size: a number with a unit ("50GB", "50 GiB", "1.5T", "1048576B"), in upper or lower
 * case, or "0". Returns bytes, rounded down. Returns null for any other text; for a number without
 * a unit, since a forgotten "GB" does not mean bytes; and for one that would be rounded to 0, since
 * 0 has a meaning of its own.
 */
export function parseByteSize(text: string): number | null {
  if (text === "0") return 0;
  const match = BYTE_SIZE.exec(text.toUpperCase());
  if (match === null) return null;
  const bytes = Math.floor(Number(match[1]) * (BYTES_PER_UNIT.get(match[2] ?? "") ?? NaN));
  if (bytes === 0 && Number(match[1]) !== 0) return null;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Formats a size exactly, in the largest unit of which it is a multiple, for `parseByteSize`. */
export function formatByteSize(bytes: number): string {
  if (bytes === 0) return "0";
  for (const [unit, size] of BYTES_PER_UNIT) {
    if (bytes % size === 0) return `${bytes / size}${unit}B`;
  }
  return `${bytes}B`;
}

const TIME_WINDOW = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** A part of the day, in minutes since midnight; `end` is excluded. It may extend past midnight. */
export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

/** Reads "HH:MM-HH:MM"; returns null for any other text, and for an empty window. */
export function parseTimeWindow(text: string): TimeWindow | null {
  const match = TIME_WINDOW.exec(text.trim());
  if (match === null) return null;
  const [, startHour, startMinute, endHour, endMinute] = match;
  const start = Number(startHour) * 60 + Number(startMinute);
  const end = Number(endHour) * 60 + Number(endMinute);
  return start === end ? null : { start, end };
}

/** Formats a time window for `parseTimeWindow`. */
export function formatTimeWindow({ start, end }: TimeWindow): string {
  const time = (minutes: number) =>
    [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
  return `${time(start)}-${time(end)}`;
}

/** Milliseconds until the window opens, 0 while it is open. Uses the local time of `now`. */
export function untilOpen({ start, end }: TimeWindow, now: Date): number {
  const minute = now.getHours() * 60 + now.getMinutes();
  const within = start < end ? minute >= start && minute < end : minute >= start || minute < end;
  if (within) return 0;
  const minutes = (start - minute + 24 * 60) % (24 * 60);
  return minutes * 60_000 - now.getSeconds() * 1000 - now.getMilliseconds();
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * A size for display, rounded to one decimal: `1.5 MiB`. `formatByteSize` formats the exact number.
 */
export function bytesText(bytes: number): string {
  let [size, unit] = [bytes, 0];
  // 1023.95 and more would be rounded to 1024, which is 1 of the next unit.
  for (; size >= 1023.95 && unit < BYTE_UNITS.length - 1; unit++) size /= 1024;
  return `${unit === 0 ? size : Number(size.toFixed(1))} ${BYTE_UNITS[unit]}`;
}
