// The benchmark still measures everything; what it measures is nobody's concern here.
import { assertEquals } from "@std/assert";
import { finish, sendSignal, startProgram } from "../../support/child_process.ts";
import { PROJECT } from "../../support/project.ts";

const TIMEOUT_MS = 600_000;

interface BenchmarkReport {
  measures: { key: string; subjects: Record<string, { median: number | null }> }[];
  failures: string[];
}

Deno.test("the benchmark has a figure of pkgstash and nginx for every measure", async () => {
  const child = startProgram([
    Deno.execPath(),
    "task",
    "--quiet",
    "bench",
    "--short",
    "--json",
    "--without",
    "nginx-store,nginx-static",
  ], { cwd: PROJECT });
  const { code, stdout, stderr } = await finish(
    child,
    TIMEOUT_MS,
    () => sendSignal(child.pid, "SIGTERM"),
  );
  assertEquals(code, 0, stderr);
  const { measures, failures } = JSON.parse(stdout) as BenchmarkReport;
  assertEquals(failures, []);
  for (const { key, subjects } of measures) {
    for (const [name, { median }] of Object.entries(subjects)) {
      assertEquals(Number.isFinite(median), true, `${name} has no figure of ${key}`);
    }
  }
});
