// The benchmark still measures everything; what it measures is nobody's concern here.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { finish, type Finished, sendSignal, startProgram } from "../../support/child_process.ts";
import { PROJECT } from "../../support/project.ts";

const TIMEOUT_MS = 600_000;
/** What nothing but pkgstash does. */
const OF_PKGSTASH_ALONE = [
  "databaseRefreshCpuSeconds",
  "fourMirrorsMegabytesPerSecond",
  "oneMirrorMegabytesPerSecond",
  "fourMirrorsRatio",
  "startLargeMs",
];

interface BenchmarkReport {
  machine: Record<string, string | number>;
  measures: { key: string; subjects: Record<string, { median: number | null; failed: boolean }> }[];
  failures: string[];
}

async function runTask(...args: string[]): Promise<Finished> {
  const child = startProgram([Deno.execPath(), "task", "--quiet", ...args], { cwd: PROJECT });
  return await finish(child, TIMEOUT_MS, () => sendSignal(child.pid, "SIGTERM"));
}

Deno.test("the benchmark has figures of pkgstash and nginx for every measure", async () => {
  const { code, stdout, stderr } = await runTask(
    "bench",
    "--short",
    "--json",
    "--without=nginx-store,nginx-static,nginx-direct",
  );
  assertEquals(code, 0, stderr);
  const { machine, measures, failures } = JSON.parse(stdout) as BenchmarkReport;
  assertEquals(failures, []);
  for (const { key, subjects } of measures) {
    assertEquals(Object.keys(subjects).toSorted(), ["nginx", "pkgstash"], key);
    for (const [name, { median }] of Object.entries(subjects)) {
      const isExpected = name === "pkgstash" || !OF_PKGSTASH_ALONE.includes(key);
      assertEquals(Number.isFinite(median), isExpected, `${key} of ${name} is ${median}`);
    }
  }
  for (const [what, value] of Object.entries(machine)) {
    assertMatch(String(value), /^(?!unknown$)./, `${what} of the machine`);
  }
});

Deno.test("a peer that cannot be started is left out, and all others are measured", async () => {
  const { code, stdout, stderr } = await runTask(
    "bench",
    "--short",
    "--json",
    "--only=start",
    "--without=nginx-store,nginx-static,nginx-direct",
    "--pacoloco=/bin/false",
  );
  assertEquals(code, 1, stderr);
  const { measures, failures } = JSON.parse(stdout) as BenchmarkReport;
  assertEquals(failures.length, 1);
  assertStringIncludes(failures[0]!, "pacoloco is left out");
  const { subjects } = measures.find(({ key }) => key === "startMs")!;
  for (const [name, { median, failed }] of Object.entries(subjects)) {
    assertEquals([Number.isFinite(median), failed], [name !== "pacoloco", name === "pacoloco"]);
  }
});

Deno.test("every micro-benchmark runs", async () => {
  const { code, stdout, stderr } = await runTask("micro", "--json");
  assertEquals(code, 0, stderr);
  const { benches } = JSON.parse(stdout) as { benches: { name: string; results: object[] }[] };
  const subjects = new Set(benches.map(({ name }) => name.split(":")[0]));
  assertEquals([...subjects].toSorted(), ["database", "hit", "retention", "vercmp"]);
  for (const { name, results } of benches) {
    for (const result of results) assertEquals(Object.keys(result), ["ok"], name);
  }
});
