import { concat } from "@std/bytes/concat";
import { type LookReport, MAX_LOOK_TREE_BYTES } from "../../api/looks.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { Stop } from "../command.ts";
import type { DaemonClient, LookOutcome } from "../daemon_client.ts";
import { OutputTail } from "../output_tail.ts";
import { writeMachineFiles } from "../sandbox/machine_files.ts";
import { runSandbox } from "../sandbox/run_sandbox.ts";
import type { StateDirectory } from "../state_directory.ts";
import { GIT, gitSandbox, type GitSurroundings } from "./git_sandbox.ts";

const log = eventLogger("looks");

const LIST_TIMEOUT_MS = 60_000;
/** The command that waits for it waits a little longer. */
const CLONE_TIMEOUT_MS = 150_000;
const MAX_REASON_LENGTH = 300;

interface GitReference {
  readonly url: string;
  readonly reference: string;
}

type Pin = Extract<LookReport, { kind: "pins" }>["pins"][number];

/** Checks git repositories for the daemon. */
export class Looker {
  readonly #client: Pick<DaemonClient, "lookResult" | "lookTree">;
  readonly #surroundings: GitSurroundings;

  private constructor(
    client: Pick<DaemonClient, "lookResult" | "lookTree">,
    surroundings: GitSurroundings,
  ) {
    this.#client = client;
    this.#surroundings = surroundings;
  }

  /** Null if this machine has no git. */
  static async open(
    client: Pick<DaemonClient, "lookResult" | "lookTree">,
    state: Pick<StateDirectory, "looks">,
    mapping: GitSurroundings["mapping"],
  ): Promise<Looker | null> {
    if (await statIfPresent(GIT) === null) return null;
    await Deno.mkdir(state.looks, { recursive: true });
    const machineFiles = await writeMachineFiles(state.looks);
    return new Looker(client, { mapping, machineFiles });
  }

  /** Performs a look and reports its outcome. */
  async look(look: LookReport, signal: AbortSignal): Promise<void> {
    const outcome = look.kind === "tree"
      ? await this.#tree(look, signal)
      : look.kind === "pins"
      ? await this.#places(look.pins, signal)
      : await this.#commits(look.references, signal);
    if (signal.aborted) return;
    if (outcome.outcome === "tree") {
      await this.#client.lookTree(look.id, outcome.commit, outcome.tar);
    } else await this.#client.lookResult(look.id, outcome);
    const all = look.kind === "tree"
      ? [look.from]
      : look.kind === "pins"
      ? look.pins
      : look.references;
    const facts = { repositories: all.map(({ url }) => url).join(" ") };
    if (outcome.outcome === "failed") {
      log.warn("cannot check a git repository", { ...facts, reason: outcome.reason });
    } else log.debug("checked a git repository", facts);
  }

  async #commits(
    references: readonly GitReference[],
    signal: AbortSignal,
  ): Promise<LookOutcome> {
    const commits: (string | null)[] = [];
    for (const from of references) {
      const { outcome, commit } = await this.#commitOf(from, signal);
      if (outcome !== null) return outcome;
      commits.push(commit);
    }
    return { outcome: "references", commits };
  }

  /** The commit of a reference, null if there is none; or why it is unknown. */
  async #commitOf(
    { url, reference }: GitReference,
    signal: AbortSignal,
  ): Promise<{ outcome: LookOutcome | null; commit: string | null }> {
    const argv = [GIT, "ls-remote", "--", url, reference];
    const { output, failure } = await this.#git(argv, { signal, url, timeoutMs: LIST_TIMEOUT_MS });
    if (failure !== null) return { outcome: failure, commit: null };
    return { outcome: null, commit: commitOf(new TextDecoder().decode(output), reference) };
  }

  /** For each pin, a branch or tag that contains it; null if none does. */
  async #places(pins: readonly Pin[], signal: AbortSignal): Promise<LookOutcome> {
    const places: (string | null)[] = [];
    for (const { url, kind, value } of pins) {
      const argv = kind === "tag"
        ? [GIT, "ls-remote", "--", url, `refs/tags/${value}`]
        : ["/usr/bin/sh", "-euc", CONTAINS, "sh", url, value];
      const timeoutMs = kind === "tag" ? LIST_TIMEOUT_MS : CLONE_TIMEOUT_MS;
      const { output, failure } = await this.#git(argv, { signal, url, timeoutMs });
      if (failure !== null) return failure;
      const text = new TextDecoder().decode(output);
      const place = kind === "tag"
        ? commitOf(text, `refs/tags/${value}`) === null ? null : `refs/tags/${value}`
        : /^refs\/(?:heads|tags)\/[!-~]{1,280}$/m.exec(text)?.[0] ?? null;
      places.push(place);
    }
    return { outcome: "pins", places };
  }

  async #tree(
    { from, known }: Extract<LookReport, { kind: "tree" }>,
    signal: AbortSignal,
  ): Promise<LookOutcome | { outcome: "tree"; commit: string; tar: Uint8Array<ArrayBuffer> }> {
    const { url, reference } = from;
    const { outcome, commit } = await this.#commitOf(from, signal);
    if (outcome !== null) return outcome;
    if (commit === null) return failed(url, `it has no ${reference.replace("refs/heads/", "")}`);
    if (commit === known) return { outcome: "unchanged" };
    const branch = reference === "HEAD" ? [] : ["--branch", reference.replace("refs/heads/", "")];
    const argv = ["/usr/bin/sh", "-euc", CLONE, "sh", url, ...branch];
    const timing = { signal, url, timeoutMs: CLONE_TIMEOUT_MS };
    const { output, failure } = await this.#git(argv, timing);
    if (failure !== null) return failure;
    if (output.length > MAX_LOOK_TREE_BYTES) {
      return failed(url, `its files are more than ${MAX_LOOK_TREE_BYTES} bytes`);
    }
    // The branch may have moved since.
    const end = output.indexOf("\n".charCodeAt(0));
    const cloned = new TextDecoder().decode(output.subarray(0, Math.max(0, end)));
    if (!COMMIT.test(cloned)) return failed(url, "its clone has no commit");
    return { outcome: "tree", commit: cloned, tar: output.slice(end + 1) };
  }

  /** The output of git, limited to little more than a tree may have; or why it failed. */
  async #git(
    argv: readonly string[],
    { signal, url, timeoutMs }: { signal: AbortSignal; url: string; timeoutMs: number },
  ): Promise<{ output: Uint8Array<ArrayBuffer>; failure: LookOutcome | null }> {
    const tail = new OutputTail();
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(new Stop("timeout")), timeoutMs);
    const pieces: Uint8Array[] = [];
    let length = 0;
    try {
      const { code, stopped } = await runSandbox({
        ...await gitSandbox(this.#surroundings, argv),
        onOutput: (bytes) => tail.add(bytes),
        onStdout: (bytes) => {
          length += bytes.length;
          if (length > MAX_LOOK_TREE_BYTES + 4096) stop.abort(new Stop("too much output"));
          else pieces.push(bytes.slice());
        },
        signal: AbortSignal.any([signal, stop.signal]),
      });
      const failure = stopped === "timeout"
        ? failed(url, `it takes more than ${timeoutMs / 1000} s`)
        : stopped === "too much output"
        ? failed(url, `its files are more than ${MAX_LOOK_TREE_BYTES} bytes`)
        : code !== 0
        ? failed(url, lastLine(tail.text) || `git exits with ${code}`)
        : null;
      return { output: concat(pieces), failure };
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Prints the commit and a tar archive of its files. $1 is the URL; further arguments select the
 * branch. Servers of plain files cannot send a part of the history.
 */
const CLONE = `url=$1
shift
for depth in '--depth 1' ''; do
  rm -rf clone
  /usr/bin/git clone --quiet --no-checkout --no-tags --single-branch $depth "$@" -- "$url" clone && break
done
cd clone
/usr/bin/git rev-parse HEAD
exec /usr/bin/git archive --format=tar --prefix=tree/ HEAD`;

/**
 * Prints a branch or tag whose history contains a commit, if there is one. $1 is the URL, $2 the
 * commit. A bare clone has branches and tags, but no pull requests and no commits of forks.
 */
const CONTAINS = `for filter in --filter=tree:0 ''; do
  rm -rf clone
  /usr/bin/git clone --quiet --bare $filter -- "$1" clone && break
done
cd clone
/usr/bin/git cat-file -e "$2^{commit}" 2>/dev/null || exit 0
exec /usr/bin/git for-each-ref --count=1 --contains "$2" '--format=%(refname)' refs/heads refs/tags`;

const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** The commit that the output lists for a reference; null if there is none. */
function commitOf(text: string, reference: string): string | null {
  for (const line of text.split("\n")) {
    const [commit = "", name] = line.split("\t");
    if (name === reference && COMMIT.test(commit)) return commit;
  }
  return null;
}

function failed(url: string, reason: string): LookOutcome {
  return { outcome: "failed", reason: `${url}: ${reason.slice(0, MAX_REASON_LENGTH)}` };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.replace(/^fatal: /, "") ?? "";
}
