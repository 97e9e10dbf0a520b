import { monthName } from "./quantities.tsx";

/** Days of a month at the edge of a chart that leave room for its name on a phone. */
const MIN_NAMED_DAYS = 20;

/** The months of consecutive days, placed by shares of their width: 0 is the left edge, 1 the right. */
export interface Months {
  readonly starts: readonly number[];
  /** The names of months that have room for one, at their middle. */
  readonly names: readonly { readonly name: string; readonly middle: number }[];
}

/** The months of days whose `start` is as `Date.prototype.toISOString` writes it. */
export function monthsOf(days: readonly { readonly start: string }[]): Months {
  const starts = days.flatMap(({ start }, index) => start.slice(8, 10) === "01" ? [index] : []);
  const edges = [...new Set([0, ...starts, days.length])];
  const names = edges.slice(0, -1).flatMap((from, index) => {
    const to = edges[index + 1] ?? from;
    if (to - from < MIN_NAMED_DAYS) return [];
    return [{ name: monthName(days[from]?.start ?? ""), middle: (from + to) / 2 / days.length }];
  });
  return { starts: starts.filter((index) => index > 0).map((index) => index / days.length), names };
}
