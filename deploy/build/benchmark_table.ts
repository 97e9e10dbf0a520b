import { table } from "./markdown.ts";

/** What is read of `bench/results/results.json`. */
export interface BenchmarkResults {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly measures: readonly {
    readonly key: string;
    readonly unit: string;
    readonly better: string;
    readonly digits: number;
    readonly subjects: Readonly<Record<string, { readonly median: number | null } | undefined>>;
  }[];
}

/** The columns of the README; a run may lack some of them. */
const SUBJECTS = ["pkgstash", "nginx-direct", "nginx", "pacoloco", "flexo"];

/** The rows of the README, by the keys of the measures. */
const ROWS: Readonly<Record<string, string>> = {
  hitBigMegabytesPerSecond: "hit of 100 MiB",
  hitMediumMegabytesPerSecond: "hit of 1 MiB",
  hitSmallRequestsPerSecond: "hit of 566 B",
  hitSmall256RequestsPerSecond: "hit of 566 B, 256 clients",
  hitSmallCpuMicroseconds: "CPU time of a small hit",
  notModifiedRequestsPerSecond: "304",
  missMegabytesPerSecond: "miss of 100 MiB",
  missFirstByteMs: "first byte of a miss",
  herdSeconds: "50 clients on a miss of 100 MiB",
  pacmanColdSeconds: "`pacman -Syu`, 50 packages, cold",
  pacmanHotSeconds: "`pacman -Syu`, 50 packages, hot",
  fourMirrorsRatio: "four slow mirrors in place of one",
  slowReadersPeakMiB: "memory, 500 slow readers",
  startMs: "start to first answer",
};

/** The table of the README, with the best figure of each row in bold; null before the first run. */
export function benchmarkTable(results: BenchmarkResults | null): string {
  if (results === null) return "No results have been committed yet.";
  const { machine, measures } = results;
  const subjects = SUBJECTS.filter((name) => measures.some((row) => name in row.subjects));
  const rows = Object.entries(ROWS).flatMap(([key, title]) => {
    const row = measures.find((each) => each.key === key);
    if (row === undefined) return [];
    const medians = subjects.map((name) => row.subjects[name]?.median ?? null);
    const known = medians.filter((median) => median !== null);
    const best = row.better === "higher" ? Math.max(...known) : Math.min(...known);
    const cells = medians.map((median) => {
      if (median === null) return "-";
      const text = median.toLocaleString("en", {
        minimumFractionDigits: row.digits,
        maximumFractionDigits: row.digits,
      });
      return median === best && known.length > 1 ? `**${text}**` : text;
    });
    return [[title, row.unit, ...cells]];
  });
  const { date, cores, processor, memory, settings } = machine;
  return [
    table(["", "unit", ...subjects], rows),
    "",
    `${date}, ${cores} cores of ${processor}, ${memory}.`,
    "",
    `Medians of ${settings}.`,
  ].join("\n");
}
