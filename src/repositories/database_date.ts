import { parseHttpDate } from "../formats/http/http_date.ts";

/** How far the clocks of two machines may be apart. */
export const CLOCK_SLACK_MS = 10 * 60_000;

/** Before pacman there was no database: a file dated earlier was dated by a tool that fakes times. */
const FIRST_PACMAN = Date.UTC(2002, 1);

/** Whether a time lies ahead by more than clocks differ; both in milliseconds since the epoch. */
export function isAhead(time: number, now: number): boolean {
  return time > now + CLOCK_SLACK_MS;
}

/** Whether a file can date from `time`; both in milliseconds since the epoch. */
export function isPlausible(time: number, now: number): boolean {
  return time >= FIRST_PACMAN && !isAhead(time, now);
}

/** A Last-Modified header in milliseconds since the epoch; null if it has none that is plausible. */
export function dateOf(header: string | null | undefined, now = Date.now()): number | null {
  const time = parseHttpDate(header ?? "")?.getTime() ?? null;
  return time !== null && isPlausible(time, now) ? time : null;
}
