import { bytesText } from "../config/quantities.ts";

export { bytesText };

/** `1.5 MiB/s`. */
export function rateText(bytesPerSecond: number): string {
  return `${bytesText(bytesPerSecond)}/s`;
}

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]] as const;

/** A duration in milliseconds in its two largest units, such as `3 d 4 h` or `12 s`. */
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

/** An ISO 8601 or HTTP date as `2026-11-28 19:00:00Z`; other text is returned unchanged. */
export function timeText(date: string): string {
  const time = Date.parse(date);
  if (Number.isNaN(time)) return date;
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** The time from an ISO 8601 date until `now` (milliseconds since the epoch): `3 d 4 h ago`. */
export function agoText(iso: string, now: number): string {
  const passed = now - Date.parse(iso);
  return passed < 1_000 ? "just now" : `${durationText(passed)} ago`;
}

/** When something expires: `never`, `in 3 d 4 h`, or `expired 2 h ago`. */
export function expiryText(iso: string | null, now: number): string {
  if (iso === null) return "never";
  const left = Date.parse(iso) - now;
  return left > 0 ? `in ${durationText(left)}` : `expired ${agoText(iso, now)}`;
}

/** `1 file`, `2 files`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A bar such as `[####------]`, `width` characters wide, for a share from 0 to 1. */
export function barText(share: number, width: number): string {
  const inner = Math.max(1, width - 2);
  const full = Math.round(Math.min(1, Math.max(0, share)) * inner);
  return `[${"#".repeat(full)}${"-".repeat(inner - full)}]`;
}
