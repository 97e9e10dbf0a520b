import { eventLoopTurn } from "./event_loop_turn.ts";

/**
 * Short enough that no request waits noticeably, which takes several turns, and long enough that
 * the turns cost little.
 */
const SLICE_MS = 5;

/**
 * How long work in many small steps may run before the event loop does. Measured in time, because a
 * step takes many times longer on a small machine, or before the code is compiled.
 */
export class TimeSlice {
  #endsAt = performance.now() + SLICE_MS;

  /** Whether the event loop should run before the next step. */
  get isOver(): boolean {
    return performance.now() >= this.#endsAt;
  }

  /** Lets the event loop run, and begins the next slice. */
  async renew(): Promise<void> {
    await eventLoopTurn();
    this.#endsAt = performance.now() + SLICE_MS;
  }
}

/** Number of items to sort before merging; takes less than a slice. */
const RUN_ITEMS = 1024;

/** Like an array's `toSorted`, also stable; the event loop runs in between. */
export async function sortedInSlices<T>(
  items: readonly T[],
  compare: (one: T, other: T) => number,
): Promise<T[]> {
  const slice = new TimeSlice();
  let runs: T[][] = [];
  for (let start = 0; start < items.length; start += RUN_ITEMS) {
    runs.push(items.slice(start, start + RUN_ITEMS).sort(compare));
    if (slice.isOver) await slice.renew();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(await mergeInSlices(runs[at] ?? [], runs[at + 1] ?? [], { compare, slice }));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergeInSlices<T>(
  first: readonly T[],
  second: readonly T[],
  { compare, slice }: { compare: (one: T, other: T) => number; slice: TimeSlice },
): Promise<T[]> {
  const merged: T[] = [];
  let [one, other] = [0, 0];
  while (one < first.length && other < second.length) {
    const isFirst = compare(first[one]!, second[other]!) <= 0;
    merged.push(isFirst ? first[one++]! : second[other++]!);
    if (slice.isOver) await slice.renew();
  }
  for (; one < first.length; one++) merged.push(first[one]!);
  for (; other < second.length; other++) merged.push(second[other]!);
  return merged;
}
