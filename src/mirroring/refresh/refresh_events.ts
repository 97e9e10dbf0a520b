/** One line of the story of a refresh, as `/api/v1/refresh` sends it. Sizes are in bytes. */
export type RefreshEvent =
  | { event: "database"; repository: string; status: "started" | "current" | "updated" }
  | { event: "database"; repository: string; status: "failed"; reason: string }
  | { event: "plan"; files: number; bytes: number | null }
  | { event: "prefetch"; file: string; status: "started"; bytes: number | null }
  | { event: "prefetch"; file: string; status: "fetched"; bytes: number }
  | { event: "prefetch"; file: string; status: "failed"; reason: string }
  | { event: "prefetch"; file: null; status: "postponed"; reason: string }
  | { event: "cleanup"; status: "done"; removed: number; bytes_freed: number }
  | { event: "cleanup"; status: "skipped"; reason: string }
  | { event: "done"; databases: number; failed: number; prefetched: number };

/** Tells what is going to be prefetched; the bytes are null if they are not known of each. */
export function planEvent(wishes: readonly { size: number | null }[]): RefreshEvent {
  const sizes = wishes.map(({ size }) => size);
  const bytes = sizes.includes(null) ? null : sizes.reduce((sum: number, size) => sum + size!, 0);
  return { event: "plan", files: wishes.length, bytes };
}

export type RefreshListener = (event: RefreshEvent) => void;
