import { bytesText } from "../config/quantities.ts";

export { bytesText };

/** `1.5 MiB/s`. */
export function rateText(bytesPerSecond: number): string {
  return `${bytesText(bytesPerSecond)}/s`;
}

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]] as const;

/** A time in its two largest units, like `3 d 4 h` or `12 s`. */
export function durationText(milliseconds: number): string {
  const first = UNITS.findIndex(([, size]) => milliseconds >= size);
  if (first < 0) return `${Math.round(milliseconds)} ms`;
  let rest = milliseconds;
  const parts: string[] = [];
  for (const [unit, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * size;
  }
  return parts.join(" ");
}

/** How long ago that was, like `3 d 4 h ago`. */
export function agoText(iso: string, now: number): string {
  const passed = now - Date.parse(iso);
  return passed < 1_000 ? "just now" : `${durationText(passed)} ago`;
}

/** `1 file`, `2 files`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `[####------]` for a part from 0 to 1, `width` characters wide. */
export function barText(part: number, width: number): string {
  const inner = Math.max(1, width - 2);
  const full = Math.round(Math.min(1, Math.max(0, part)) * inner);
  return `[${"#".repeat(full)}${"-".repeat(inner - full)}]`;
}
