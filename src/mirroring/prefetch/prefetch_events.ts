/** What will be prefetched. `bytes` is null unless the size of every package is known. */
export interface PlanEvent {
  event: "plan";
  files: number;
  bytes: number | null;
}

/** One step of a prefetch. Sizes are in bytes, files are paths below the server's root. */
export type PrefetchEvent =
  | { event: "prefetch"; file: string; status: "started"; bytes: number | null }
  | { event: "prefetch"; file: string; status: "fetched"; bytes: number }
  | { event: "prefetch"; file: string; status: "failed"; reason: string }
  | { event: "prefetch"; file: null; status: "postponed"; reason: string };

/** Announces what will be prefetched. */
export function planEvent(wishes: readonly { size: number | null }[]): PlanEvent {
  const sizes = wishes.map(({ size }) => size);
  const bytes = sizes.includes(null) ? null : sizes.reduce((sum: number, size) => sum + size!, 0);
  return { event: "plan", files: wishes.length, bytes };
}
