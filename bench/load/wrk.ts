import { join } from "@std/path";
import type { Workspace } from "./workspace.ts";

/** A load of equal requests on connections that stay open. */
export interface WrkLoad {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly durationSeconds: number;
  /** Such as `If-Modified-Since: ...`. */
  readonly header?: string;
}

/** What wrk has seen. */
export interface WrkResult {
  readonly requests: number;
  /** Headers and bodies, those of unfinished responses as well. */
  readonly bytes: number;
  readonly durationMs: number;
  /** CPU time of wrk itself. It has one thread, so a load cannot take more than its duration. */
  readonly cpuSeconds: number;
}

// wrk prints rounded figures for people; its script can print exact ones.
const SCRIPT = `
function done(summary)
  local errors = summary.errors
  io.write(string.format('RESULT {"requests":%d,"bytes":%d,"durationMs":%f,"errors":%d}\\n',
    summary.requests, summary.bytes, summary.duration / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;

// A shell tells the CPU time of its children: "0m1.250s 0m0.500s", user and system.
const WITH_TIMES = '"$@"; status=$?; times; exit "$status"';

/** Runs wrk with one thread, which leaves the other cores to the server. */
export async function runWrk(workspace: Workspace, load: WrkLoad): Promise<WrkResult> {
  const script = join(workspace.root, "wrk.lua");
  await Deno.writeTextFile(script, SCRIPT);
  const { port, path, connections, durationSeconds, header } = load;
  const { success, stdout, stderr } = await workspace.output({
    command: "/bin/sh",
    args: [
      "-c",
      WITH_TIMES,
      "sh",
      "wrk",
      "--threads=1",
      `--connections=${connections}`,
      `--duration=${durationSeconds}s`,
      "--timeout=30s",
      `--script=${script}`,
      ...(header === undefined ? [] : [`--header=${header}`]),
      `http://127.0.0.1:${port}${path}`,
    ],
    workingDirectory: workspace.root,
  });
  const json = /^RESULT (.*)$/m.exec(stdout)?.[1];
  if (!success || json === undefined) throw new Error(`wrk failed: ${stderr || stdout}`);
  const { errors, ...counts } = JSON.parse(json) as Omit<WrkResult, "cpuSeconds"> & {
    errors: number;
  };
  const result = { ...counts, cpuSeconds: childSeconds(stdout) };
  if (errors > 0) throw new Error(`wrk saw ${errors} errors on ${path}`);
  // A large answer may take longer than the load.
  if (result.bytes === 0) throw new Error(`wrk got no answer on ${path}`);
  return result;
}

/** User and system time of the children, from the second line of what `times` prints. */
function childSeconds(output: string): number {
  const times = [...output.matchAll(/^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/gm)].at(-1)?.slice(1);
  const [userMinutes = NaN, user = NaN, systemMinutes = NaN, system = NaN] = (times ?? []).map(
    Number,
  );
  return (userMinutes + systemMinutes) * 60 + user + system;
}
