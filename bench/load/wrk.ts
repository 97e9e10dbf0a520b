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

/** Runs wrk with one thread, which leaves the other cores to the server. */
export async function runWrk(workspace: Workspace, load: WrkLoad): Promise<WrkResult> {
  const script = join(workspace.root, "wrk.lua");
  await Deno.writeTextFile(script, SCRIPT);
  const { port, path, connections, durationSeconds, header } = load;
  const { success, stdout, stderr } = await workspace.output({
    command: "wrk",
    args: [
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
  const { errors, ...result } = JSON.parse(json) as WrkResult & { errors: number };
  if (errors > 0) throw new Error(`wrk saw ${errors} errors on ${path}`);
  if (result.requests === 0) throw new Error(`wrk got no answer to its end on ${path}`);
  return result;
}
