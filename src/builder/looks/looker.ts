import { join } from "@std/path";
import type { LookReport } from "../../api/looks.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { Stop } from "../command.ts";
import type { DaemonClient, LookOutcome } from "../daemon_client.ts";
import { OutputTail } from "../output_tail.ts";
import { writeMachineFiles } from "../sandbox/machine_files.ts";
import { outputOfSandbox } from "../sandbox/run_sandbox.ts";
import type { StateDirectory } from "../state_directory.ts";
import { GIT, gitSandbox, type GitSurroundings } from "./git_sandbox.ts";

const log = eventLogger("looks");

const TIMEOUT_MS = 60_000;
const MAX_REASON_LENGTH = 300;

/** Looks at repositories for the daemon. */
export class Looker {
  readonly #client: Pick<DaemonClient, "lookResult">;
  readonly #surroundings: GitSurroundings;

  private constructor(client: Pick<DaemonClient, "lookResult">, surroundings: GitSurroundings) {
    this.#client = client;
    this.#surroundings = surroundings;
  }

  /** Null if this machine has no git, so that it cannot look. */
  static async open(
    client: Pick<DaemonClient, "lookResult">,
    state: Pick<StateDirectory, "work">,
    mapping: GitSurroundings["mapping"],
  ): Promise<Looker | null> {
    if (await statIfPresent(GIT) === null) return null;
    const directory = join(state.work, "looks");
    await Deno.mkdir(directory, { recursive: true });
    const machineFiles = await writeMachineFiles(directory);
    return new Looker(client, { mapping, machineFiles });
  }

  /** Looks, and tells the daemon. */
  async look(look: LookReport, signal: AbortSignal): Promise<void> {
    const outcome = await this.#commits(look, signal);
    if (signal.aborted) return;
    const { package_base: name } = look;
    if (outcome.outcome === "failed") {
      log.warn("cannot look at the sources of a package", {
        package: name,
        reason: outcome.reason,
      });
    } else log.debug("looked at the sources of a package", { package: name });
    await this.#client.lookResult(look.id, outcome);
  }

  async #commits({ references }: LookReport, signal: AbortSignal): Promise<LookOutcome> {
    const commits: (string | null)[] = [];
    for (const { url, reference } of references) {
      const tail = new OutputTail();
      const timeout = new AbortController();
      const timer = setTimeout(() => timeout.abort(new Stop("timeout")), TIMEOUT_MS);
      try {
        const { code, stdout, stopped } = await outputOfSandbox({
          ...await gitSandbox(this.#surroundings, [GIT, "ls-remote", "--", url, reference]),
          onOutput: (bytes) => tail.add(bytes),
          signal: AbortSignal.any([signal, timeout.signal]),
        });
        if (stopped === "timeout") return failed(url, `no answer within ${TIMEOUT_MS / 1000} s`);
        if (code !== 0) return failed(url, lastLine(tail.text) || `git exits with ${code}`);
        commits.push(commitOf(stdout, reference));
      } finally {
        clearTimeout(timer);
      }
    }
    return { outcome: "references", commits };
  }
}

/** The commit that stands before a reference; null if there is none. */
function commitOf(text: string, reference: string): string | null {
  for (const line of text.split("\n")) {
    const [commit = "", name] = line.split("\t");
    if (name === reference && /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit)) return commit;
  }
  return null;
}

function failed(url: string, reason: string): LookOutcome {
  return { outcome: "failed", reason: `${url}: ${reason.slice(0, MAX_REASON_LENGTH)}` };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.replace(/^fatal: /, "") ?? "";
}
