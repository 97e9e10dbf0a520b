import { BackgroundWork } from "../../async/background_work.ts";
import type { Clock } from "../../async/clock.ts";
import { Turns } from "../../async/turns.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { PackageStore } from "../packages/package_store.ts";
import { metadataOf } from "../packages/tree_metadata.ts";
import { type WatchedPackage, withNews, withTree } from "../packages/watched_package.ts";
import type { SourceTree } from "../source_tree.ts";
import type { TreeStore } from "../trees.ts";
import type { AurClient } from "./aur_client.ts";
import { observe } from "./aur_changes.ts";

const log = eventLogger("aur");

export interface WatcherOptions {
  readonly store: PackageStore;
  readonly trees: TreeStore;
  readonly client: () => AurClient;
  readonly clock: Clock;
  /** Called after each check. */
  readonly onChecked: () => Promise<void>;
  readonly intervalMs: () => number;
  /** The needs of a package base with these dependencies; null if they are unknown now. */
  readonly needsOf: (base: string, dependencies: readonly string[]) => Promise<Needs | null>;
  /** Trees that others still need. */
  readonly treesInUse: () => Promise<Iterable<string>>;
}

/** The dependencies of a tree outside the mirrored repositories. */
export interface Needs {
  /** Watched package bases. */
  readonly needs: readonly string[];
  /** Dependencies that no repository has and that are not watched. */
  readonly unmet: readonly string[];
}

/** The result of a check. */
export interface CheckReport {
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** Package bases with new files. */
  readonly changed: readonly string[];
  /** Why it failed; null if it did not. */
  readonly failure: string | null;
}

/** Checks watched packages for changes, one check at a time. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #checks = new Turns();
  readonly #takes = new Turns();
  readonly #stopping = new AbortController();
  readonly #background = new BackgroundWork((failure, error) =>
    log.warn(failure, { reason: reasonOf(error) })
  );
  #last: CheckReport | null = null;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  get lastCheck(): CheckReport | null {
    return this.#last;
  }

  /** Checks now and then at intervals, until stopped. */
  start(): void {
    this.#background.add("cannot check for changes", this.#run());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#background.settled();
    await this.#checks.settled();
    await this.#takes.settled();
  }

  /** Checks for changes now. A failure is part of the report. */
  async check(): Promise<CheckReport> {
    return await this.#checks.run(async () => {
      const { store, clock, onChecked } = this.#options;
      const changed: string[] = [];
      let failure: string | null = null;
      try {
        if (store.list().length > 0) await this.#look(changed);
      } catch (error) {
        failure = reasonOf(error);
        if (!this.#stopping.signal.aborted) {
          log.warn("cannot check for changes", { reason: failure });
        }
      }
      // Also without changes, because a cool-down may be over.
      await onChecked();
      return this.#last = { at: clock.now(), changed, failure };
    });
  }

  /**
   * Fetches the files of a package from its source, unless they are those that were last received.
   * Rejected files become a problem of the package; a failing source throws.
   */
  async take(base: string, onChanged: () => void = () => {}): Promise<void> {
    const { store, client } = this.#options;
    const watched = store.find(base);
    const mark = watched === null ? null : markOf(watched);
    if (watched === null || mark === null || mark === watched.takenFor) return;
    if (await this.receiveOrRefuse(base, () => client().tree(base), mark)) onChanged();
  }

  /**
   * Receives a tree like `receive`, and returns whether it was accepted: rejected files become a problem
   * of the package. A failing source throws.
   */
  async receiveOrRefuse(
    base: string,
    load: () => Promise<SourceTree>,
    mark: string,
  ): Promise<boolean> {
    try {
      await this.receive(base, await load(), mark);
      return true;
    } catch (error) {
      if (!(error instanceof PkgstashError) || error.kind === "upstream") throw error;
      if (error.kind === "storage") throw error;
      await this.noteProblem(base, reasonOf(error));
      return false;
    }
  }

  /** Receives a tree from the source; `mark` identifies its state. */
  async receive(base: string, tree: SourceTree, mark: string): Promise<void> {
    const { store, trees, clock } = this.#options;
    const metadata = metadataOf(tree);
    if (metadata.base !== base) {
      throw new PkgstashError(
        "content",
        `Cannot use the package source: its .SRCINFO describes ${metadata.base}, not ${base}.`,
      );
    }
    const needs = await this.#options.needsOf(base, metadata.dependencies) ?? {};
    // In turn with the removal of trees, so that this one is not removed in between.
    await this.#takes.run(async () => {
      const treeHash = await trees.put(tree);
      await store.update(base, (watched) => ({
        ...withTree(watched, {
          treeHash,
          version: metadata.version,
          pushedAt: watched.source.kind === "aur" ? watched.info?.lastModified ?? 0 : clock.now(),
          now: clock.now(),
        }),
        ...needs,
        names: metadata.names,
        takenFor: mark,
        problem: null,
      }));
    });
  }

  /** Records why the files of a package are rejected, once; null if they are not. */
  async noteProblem(base: string, problem: string | null): Promise<void> {
    const { store, clock } = this.#options;
    await store.update(base, (watched) => {
      if (watched.problem === problem) return watched;
      if (problem === null) return { ...watched, problem };
      const news = `The files of ${base} were rejected. ${problem}.`;
      log.warn("package source rejected", { package: base, reason: problem });
      return withNews({ ...watched, problem }, clock.now(), news);
    });
  }

  /** Removes unreferenced trees. */
  async removeUnused(): Promise<void> {
    const { store, trees, treesInUse } = this.#options;
    await this.#takes.run(async () => {
      await trees.keepOnly(new Set([...await treesInUse(), ...store.trees()]));
    });
  }

  async #run(): Promise<void> {
    const { clock, intervalMs, client } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const { failure } = await this.check();
      await this.removeUnused();
      if (signal.aborted) return;
      // Sooner than usual after a failure, but not while requests to the AUR pause.
      const wait = failure === null ? intervalMs() : Math.min(client().restMs + 1000, intervalMs());
      await clock.sleep(wait, signal);
    }
  }

  async #look(changed: string[]): Promise<void> {
    const { store, client, clock } = this.#options;
    const fromAur = store.list().filter(({ source }) => source.kind === "aur");
    if (fromAur.length === 0) return;
    const answer = await client().info(fromAur.flatMap(({ names }) => names));
    for (const { base } of fromAur) {
      await store.update(base, (watched) => {
        const next = observe(watched, answer, clock.now());
        return isSameButVotes(watched, next) ? watched : logged(watched, next);
      });
    }
    for (const { base } of fromAur) {
      if (this.#stopping.signal.aborted) return;
      await this.take(base, () => changed.push(base));
    }
  }
}

/** Identifies the current files at the source; null if there are none to fetch. */
function markOf(watched: WatchedPackage): string | null {
  if (watched.source.kind !== "aur" || watched.info === null || watched.missing > 0) return null;
  return `${watched.info.lastModified}`;
}

/** Popularity changes with every answer, which is no reason to write a file. */
function isSameButVotes(one: WatchedPackage, other: WatchedPackage): boolean {
  const essence = ({ info, ...rest }: WatchedPackage) =>
    JSON.stringify({ ...rest, info: info === null ? null : { ...info, popularity: 0, votes: 0 } });
  return essence(one) === essence(other);
}

function logged(before: WatchedPackage, after: WatchedPackage): WatchedPackage {
  for (const each of after.news) if (!before.news.includes(each)) log.warn(each.text);
  return after;
}
