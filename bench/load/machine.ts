import { createHash } from "node:crypto";
import { format } from "@std/fmt/bytes";
import type { BenchmarkArguments, Choice } from "./arguments.ts";
import type { Workspace } from "./workspace.ts";

/** What figures depend on, for people. */
export type Machine = Readonly<Record<string, string | number>>;

/** Describes the machine, the programs on it, and how a run was made. */
export async function describeMachine(
  workspace: Workspace,
  { choices, rounds, loadSeconds, logLevel }: BenchmarkArguments,
): Promise<Machine> {
  const version = async (command: string, argument: string, pattern: RegExp) => {
    const { stdout, stderr } = await workspace.output({
      command,
      args: [argument],
      workingDirectory: workspace.root,
    });
    return pattern.exec(stdout + stderr)?.[1] ?? "unknown";
  };
  const fileSystem = await workspace.output({
    command: "stat",
    args: ["--file-system", "--format=%T", workspace.root],
    workingDirectory: workspace.root,
  });
  const read = (path: string) => Deno.readTextFileSync(path);
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: /^model name\s*:\s*(.*)$/m.exec(read("/proc/cpuinfo"))?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memory: format(Deno.systemMemoryInfo().total, { binary: true }),
    "file system": fileSystem.stdout.trim(),
    kernel: `Linux ${Deno.osRelease()}`,
    deno: Deno.version.deno,
    nginx: await version("nginx", "-v", /nginx\/(\S+)/),
    wrk: await version("wrk", "-v", /wrk (\S+)/),
    pacman: await version("pacman", "--version", /Pacman v(\S+)/),
    ...Object.fromEntries(choices.flatMap(programOf)),
    "load before": Deno.loadavg()[0]!.toFixed(2),
    settings: `${rounds} rounds, ${loadSeconds} s for each load, log level ${logLevel}`,
  };
}

/** Peers have no version to ask for, so their programs are named by their digests. */
function programOf(choice: Choice): [string, string][] {
  if (!("path" in choice) || choice.kind === "checkout" || choice.kind === "direct") return [];
  const digest = createHash("sha256").update(Deno.readFileSync(choice.path)).digest("hex");
  return [[choice.name, `SHA-256 ${digest.slice(0, 16)}...`]];
}
