/**
 * Compares pkgstash with other caches, and with other checkouts of it, in one run:
 * `deno run --allow-all bench/throughput.ts --help`. The exit code is 0 if every measurement
 * succeeded, 2 for a wrong command line, and 130 when it was interrupted.
 */
import { fromFileUrl, join } from "@std/path";
import { type BenchmarkArguments, parseArguments, USAGE, UsageError } from "./load/arguments.ts";
import { chartOf } from "./load/chart.ts";
import { jsonOf, markdownOf, type ReportOptions, tableOf } from "./load/report.ts";
import { requireAll } from "./load/requirements.ts";
import { runBenchmark } from "./load/run.ts";
import { measuresOf } from "./load/scenarios.ts";
import { Workspace } from "./load/workspace.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs the benchmark and returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  let options: BenchmarkArguments;
  try {
    options = parseArguments(args, fromFileUrl(new URL("../", import.meta.url)));
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
  const machine = machineOf(options);
  const results = await runBenchmark(workspace, options, (line) => console.error(line));
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
  }
  return results.failures.length === 0 ? 0 : 1;
}

function machineOf({ rounds, loadSeconds, logLevel }: BenchmarkArguments) {
  const cpuInfo = Deno.readTextFileSync("/proc/cpuinfo");
  return {
    cores: navigator.hardwareConcurrency,
    processor: /^model name\s*:\s*(.*)$/m.exec(cpuInfo)?.[1] ?? Deno.build.arch,
    kernel: `Linux ${Deno.osRelease()}`,
    deno: Deno.version.deno,
    "load before": Deno.loadavg()[0]!.toFixed(2),
    settings: `${rounds} rounds, ${loadSeconds} s for each load, log level ${logLevel}`,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
