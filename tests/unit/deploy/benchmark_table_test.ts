// The table of the README that is made from the results of the benchmark.
import { assertEquals } from "@std/assert";
import { type BenchmarkResults, benchmarkTable } from "../../../deploy/build/benchmark_table.ts";

const measure = (key: string, better: string, digits: number, figures: Record<string, number>) => ({
  key,
  better,
  digits,
  unit: "MB/s",
  subjects: Object.fromEntries(
    Object.entries(figures).map(([name, median]) => [name, { median }]),
  ),
});

const RESULTS: BenchmarkResults = {
  machine: {
    date: "2026-01-01",
    cores: 2,
    processor: "CPU",
    memory: "1 GiB",
    settings: "3 rounds",
  },
  measures: [
    measure("hitBigMegabytesPerSecond", "higher", 0, { pkgstash: 1234.4, nginx: 999, other: 5000 }),
    measure("startMs", "lower", 1, { pkgstash: 100, nginx: 6.04 }),
    measure("fourMirrorsRatio", "higher", 2, { pkgstash: 3.5 }),
    measure("unknown", "higher", 2, { pkgstash: 3.5 }),
  ],
};

Deno.test("the best figure of each row is bold, whoever has it, and what was not measured is a dash", () => {
  assertEquals(benchmarkTable(RESULTS).split("\n").map((line) => line.replaceAll(/ +/g, " ")), [
    "| | unit | pkgstash | nginx |",
    "| --------------------------------- | ---- | --------- | ------- |",
    "| hit of 100 MiB | MB/s | **1,234** | 999 |",
    "| four slow mirrors in place of one | MB/s | 3.50 | - |",
    "| start to first answer | MB/s | 100.0 | **6.0** |",
    "",
    "2026-01-01, 2 cores of CPU, 1 GiB.",
    "",
    "Medians of 3 rounds.",
  ]);
});
