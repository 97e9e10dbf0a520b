import { parseHttpDate } from "../formats/http/http_date.ts";

/** How far apart the clocks of two machines may be. */
export const CLOCK_SLACK_MS = 10 * 60_000;

/** Before pacman there were no databases: an earlier date comes from a tool that fakes times. */
const FIRST_PACMAN = Date.UTC(2002, 1);

/** Whether a time is further ahead than clocks differ; both in milliseconds since the epoch. */
export function isAhead(time: number, now: number): boolean {
  return time > now + CLOCK_SLACK_MS;
}

/** Whether a file can date from `time`; both in milliseconds since the epoch. */
export function isPlausible(time: number, now: number): boolean {
  return time >= FIRST_PACMAN && !isAhead(time, now);
}

/** A Last-Modified header in milliseconds since the epoch; null if it is missing or implausible. */
export function dateOf(header: string | null | undefined, now = Date.now()): number | null {
  const time = parseHttpDate(header ?? "")?.getTime() ?? null;
  return time !== null && isPlausible(time, now) ? time : null;
}
