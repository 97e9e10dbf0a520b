import type { HistoryReport } from "./history.ts";

/** Buckets that follow each other, as one. Sizes are in bytes. */
export interface HistorySlice {
  readonly start: string;
  readonly requests: number;
  readonly served: number;
  readonly saved: number;
  /** Null where it is not known for whom something was fetched. */
  readonly fetched: number | null;
}

/** The buckets of a history put together, `size` at a time; the last slice may have fewer. */
export function slicesOf({ buckets }: HistoryReport, size: number): HistorySlice[] {
  return Array.from({ length: Math.ceil(buckets.length / size) }, (_, index) => {
    const part = buckets.slice(index * size, (index + 1) * size);
    const sum = (value: (bucket: HistoryReport["buckets"][number]) => number) =>
      part.reduce((sum, bucket) => sum + value(bucket), 0);
    return {
      start: part[0]?.start ?? "",
      requests: sum(({ requests }) => Object.values(requests).reduce((a, b) => a + b, 0)),
      served: sum(({ bytes_served }) => bytes_served),
      saved: sum(({ bytes_saved }) => bytes_saved),
      fetched: part[0]?.bytes_fetched === null
        ? null
        : sum(({ bytes_fetched }) => bytes_fetched ?? 0),
    };
  });
}
