import type { TimeWindow } from "./config.ts";

const TIME_WINDOW = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** Reads "HH:MM-HH:MM"; null if it is none, or an empty one. */
export function parseTimeWindow(text: string): TimeWindow | null {
  const match = TIME_WINDOW.exec(text.trim());
  if (match === null) return null;
  const [, startHour, startMinute, endHour, endMinute] = match;
  const start = Number(startHour) * 60 + Number(startMinute);
  const end = Number(endHour) * 60 + Number(endMinute);
  return start === end ? null : { start, end };
}

/** The window as `parseTimeWindow` reads it. */
export function formatTimeWindow({ start, end }: TimeWindow): string {
  const time = (minutes: number) =>
    [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
  return `${time(start)}-${time(end)}`;
}

/** Milliseconds until the window opens, 0 within it; `now` is read in local time. */
export function untilOpen({ start, end }: TimeWindow, now: Date): number {
  const minute = now.getHours() * 60 + now.getMinutes();
  const within = start < end ? minute >= start && minute < end : minute >= start || minute < end;
  if (within) return 0;
  const minutes = (start - minute + 24 * 60) % (24 * 60);
  return minutes * 60_000 - now.getSeconds() * 1000 - now.getMilliseconds();
}
