/**
 * Compares pkgstash with other caches, and with other checkouts of it, in one run:
 * `deno run --allow-all bench/throughput.ts --help`. The exit code is 0 if every measurement
 * succeeded, 2 for a wrong command line, and 130 when it was interrupted.
 */
import { fromFileUrl, join } from "@std/path";
import { committedFiles } from "../deploy/build/generate.ts";
import { type BenchmarkArguments, parseArguments, USAGE, UsageError } from "./load/arguments.ts";
import { chartOf } from "./load/chart.ts";
import { jsonOf, markdownOf, type ReportOptions, tableOf } from "./load/report.ts";
import { describeMachine } from "./load/machine.ts";
import { requireAll } from "./load/requirements.ts";
import { runBenchmark } from "./load/run.ts";
import { measuresOf } from "./load/scenarios.ts";
import { Workspace } from "./load/workspace.ts";

const PROJECT = fromFileUrl(new URL("../", import.meta.url));
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs the benchmark and returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  let options: BenchmarkArguments;
  try {
    options = parseArguments(args, PROJECT);
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    requireAll(options.choices);
  } catch (error) {
    console.error(messageOf(error));
    if (error instanceof UsageError) console.error("See --help.");
    return error instanceof UsageError ? 2 : 1;
  }
  await using workspace = await Workspace.create();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    // Whatever waits for one of the processes fails, and leads to the end of this function.
    workspace.close();
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, interrupt);
  try {
    return await measureAndReport(workspace, options);
  } catch (error) {
    console.error(interrupted ? "Interrupted." : `The benchmark failed: ${messageOf(error)}`);
    return interrupted ? 130 : 1;
  } finally {
    await workspace.close();
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, interrupt);
  }
}

async function measureAndReport(
  workspace: Workspace,
  options: BenchmarkArguments,
): Promise<number> {
  const machine = await describeMachine(workspace, options);
  const startedAt = performance.now();
  const results = await runBenchmark(workspace, options, (line) => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    console.error(`${String(seconds).padStart(4)} s  ${line}`);
  });
  const { choices, reference, resultsFolder } = options;
  const report: ReportOptions = {
    results,
    measures: measuresOf(options.scenarios),
    subjects: choices.map(({ name }) => name),
    reference,
  };
  if (options.printsJson) {
    console.log(jsonOf(report, machine).trimEnd());
  } else {
    const facts = Object.entries(machine).map(([key, value]) => `${key}: ${value}`).join("\n");
    console.log(
      `${facts}\n\nMedians; x is the median ratio to ${reference} within a round, with its lowest ` +
        `and highest.\n1 MB is 10^6 bytes, 1 GB 10^9.\n\n${tableOf(report)}`,
    );
  }
  for (const failure of results.failures) console.error(`failed: ${failure}`);
  if (resultsFolder !== null) {
    await Deno.mkdir(resultsFolder, { recursive: true });
    const write = (name: string, text: string) =>
      Deno.writeTextFile(join(resultsFolder, name), text);
    await write("results.json", jsonOf(report, machine));
    await write("results.md", markdownOf(report, machine));
    await write("results.svg", chartOf(report));
    if (resultsFolder === join(PROJECT, "bench/results")) await updateReadme();
  }
  return results.failures.length === 0 ? 0 : 1;
}

/** Puts the results into the front page, as `deno task generate` does. */
async function updateReadme(): Promise<void> {
  const files = await committedFiles();
  await Deno.writeTextFile(join(PROJECT, "README.md"), files["README.md"]!);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
