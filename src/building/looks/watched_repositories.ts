import type { Clock } from "../../async/clock.ts";
import { PkgstashError } from "../../errors.ts";
import type { PackageStore } from "../packages/package_store.ts";
import type { SourceTree } from "../source_tree.ts";
import { type DueLook, failureText, type GitReference, isUsable, keyOf } from "./look.ts";
import type { LookResult, LookSource } from "./look.ts";

/** How long a command waits. */
const FETCH_TIMEOUT_MS = 3 * 60_000;
/** Pause after a failure, unless the interval is shorter. */
const AFTER_FAILURE_MS = 3_600_000;

/** The files of a repository at one commit. */
export interface FetchedTree {
  readonly commit: string;
  readonly tree: SourceTree;
}

export interface WatchedRepositoriesOptions {
  readonly store: PackageStore;
  readonly clock: Clock;
  readonly intervalMs: () => number;
  /** Receives the files of a watched package base. */
  readonly onTree: (base: string, fetched: FetchedTree) => Promise<void>;
  /** Records why they cannot be fetched; null if they can. */
  readonly onProblem: (base: string, problem: string | null) => Promise<void>;
}

/** A request for the files of a repository that is not watched yet. */
interface Wish {
  readonly from: GitReference;
  readonly settle: (result: LookResult) => void;
}

/** The git repositories that contain watched package sources. */
export class WatchedRepositories implements LookSource {
  readonly #options: WatchedRepositoriesOptions;
  readonly #wishes = new Set<Wish>();
  /** When each was last checked since the start, and when it is due again, by package base. */
  readonly #dueAt = new Map<string, number>();

  constructor(options: WatchedRepositoriesOptions) {
    this.#options = options;
  }

  lookNow(): void {
    this.#dueAt.clear();
  }

  /**
   * Lets a builder fetch a repository, through `looks`.
   *
   * @throws PkgstashError `invalid_request` if builders do not fetch from such URLs, `upstream` if
   * fetching fails, `conflict` if no builder is connected.
   */
  async fetch(
    from: GitReference,
    looks: { readonly hasBuilder: boolean; notify(): void },
  ): Promise<FetchedTree> {
    if (!isUsable(from)) {
      throw new PkgstashError(
        "invalid_request",
        `Cannot watch ${from.url}: builders fetch git repositories only over https, http and git://.`,
      );
    }
    if (!looks.hasBuilder) throw withoutBuilder(from, "no builder is connected to fetch it");
    const { promise, resolve } = Promise.withResolvers<LookResult | null>();
    const wish: Wish = { from, settle: resolve };
    this.#wishes.add(wish);
    const waiting = new AbortController();
    void this.#options.clock.sleep(FETCH_TIMEOUT_MS, waiting.signal).then(() => resolve(null));
    try {
      looks.notify();
      const result = await promise;
      if (result?.outcome === "tree") return { commit: result.commit, tree: result.tree };
      if (result?.outcome !== "failed") {
        throw withoutBuilder(from, "no builder fetched it in time");
      }
      throw new PkgstashError(
        "upstream",
        `Cannot watch ${from.url}: ${failureText(result.reason)}.`,
      );
    } finally {
      this.#wishes.delete(wish);
      waiting.abort();
    }
  }

  /** Records that the files of a package base have just been received. */
  noteTaken(base: string): void {
    this.#dueAt.set(base, this.#options.clock.now() + this.#options.intervalMs());
  }

  next(taken: ReadonlySet<string>): Promise<{ due: DueLook | null; untilNextMs: number }> {
    const { store, clock } = this.#options;
    for (const { from, settle } of this.#wishes) {
      const about = keyOf(from);
      if (taken.has(about)) continue;
      const take = (result: LookResult) => Promise.resolve(settle(result));
      const due = { about, look: { kind: "tree", from, known: null }, take } as const;
      return Promise.resolve({ due, untilNextMs: 0 });
    }
    let untilNextMs = Infinity;
    for (const { base, source, takenFor, hold } of store.list()) {
      if (source.kind !== "git" || hold !== null || taken.has(base)) continue;
      const wait = (this.#dueAt.get(base) ?? -Infinity) - clock.now();
      if (wait > 0) {
        untilNextMs = Math.min(untilNextMs, wait);
        continue;
      }
      const { url, reference } = source;
      const look = { kind: "tree", from: { url, reference }, known: takenFor } as const;
      const take = (result: LookResult) => this.#take(base, result);
      return Promise.resolve({ due: { about: base, look, take }, untilNextMs: 0 });
    }
    return Promise.resolve({ due: null, untilNextMs });
  }

  async #take(base: string, result: LookResult): Promise<void> {
    const { clock, intervalMs, onTree, onProblem } = this.#options;
    this.noteTaken(base);
    if (result.outcome === "tree") return await onTree(base, result);
    if (result.outcome !== "failed") return await onProblem(base, null);
    this.#dueAt.set(base, clock.now() + Math.min(intervalMs(), AFTER_FAILURE_MS));
    await onProblem(base, failureText(result.reason));
  }
}

function withoutBuilder({ url }: GitReference, why: string): PkgstashError {
  return new PkgstashError(
    "conflict",
    `Cannot watch ${url}: ${why}. The daemon does not run git: start pkgstash-builder on a machine ` +
      "with git.",
  );
}
