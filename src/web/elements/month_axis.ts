import { monthName } from "./quantities.tsx";

/** A month with fewer days in the chart has no room for its name on a phone. */
const MIN_NAMED_DAYS = 20;

/** Months on an axis of consecutive days. Positions are shares of the width, from 0 to 1. */
export interface Months {
  readonly starts: readonly number[];
  /** Names of the months with room for one, each with its centre. */
  readonly names: readonly { readonly name: string; readonly middle: number }[];
}

/** Finds the months of consecutive days, whose `start` is in ISO 8601. */
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
