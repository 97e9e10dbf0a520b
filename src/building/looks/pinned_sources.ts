import type { Clock } from "../../async/clock.ts";
import type { PackageStore } from "../packages/package_store.ts";
import type { WatchedPackage } from "../packages/watched_package.ts";
import type { TreeStore } from "../trees.ts";
import type { DueLook, LookResult, LookSource, Pin } from "./look.ts";
import { type ChangedPins, changedPins } from "./pins.ts";

/** After a repository could not be asked. */
const AGAIN_AFTER_MS = 3_600_000;

export interface PinnedSourcesOptions {
  readonly store: PackageStore;
  readonly trees: TreeStore;
  readonly clock: Clock;
  /** Whether changes of pins may pass by themselves at all. */
  readonly isWanted: () => boolean;
  /** Called once it is known where the pins of a package are. */
  readonly onKnown: () => Promise<void>;
}

/**
 * Where the commits and tags are that changes pin: a server also shows commits of forks and of pull
 * requests, which belong to nobody who may push to the repository. Nothing of it is kept on disk.
 */
export class PinnedSources implements LookSource {
  readonly #options: PinnedSourcesOptions;
  /** What is wrong with the pins of a change, null for nothing; by both trees. */
  readonly #faults = new Map<string, string | null>();
  readonly #dueAt = new Map<string, number>();

  constructor(options: PinnedSourcesOptions) {
    this.#options = options;
  }

  /** What is wrong with the pins of a candidate, null for nothing; undefined if nobody knows yet. */
  faultOf(watched: WatchedPackage, treeHash: string): string | null | undefined {
    return this.#faults.get(keyOf(watched, treeHash));
  }

  lookNow(): void {
    this.#dueAt.clear();
  }

  async next(taken: ReadonlySet<string>): Promise<{ due: DueLook | null; untilNextMs: number }> {
    const { store, clock, isWanted } = this.#options;
    let untilNextMs = Infinity;
    if (!isWanted()) return { due: null, untilNextMs };
    for (const watched of store.list()) {
      if (watched.accepted === null || taken.has(watched.base)) continue;
      for (const { treeHash } of watched.candidates) {
        const key = keyOf(watched, treeHash);
        if (this.#faults.has(key)) continue;
        const wait = (this.#dueAt.get(key) ?? -Infinity) - clock.now();
        if (wait > 0) {
          untilNextMs = Math.min(untilNextMs, wait);
          continue;
        }
        const changed = await this.#changedPins(watched.accepted.treeHash, treeHash);
        if ("fault" in changed || changed.pins.length === 0) {
          await this.#learn(key, "fault" in changed ? changed.fault : null);
          continue;
        }
        const { pins } = changed;
        const take = (result: LookResult) => this.#take(key, pins, result);
        return { due: { about: watched.base, look: { kind: "pins", pins }, take }, untilNextMs: 0 };
      }
    }
    return { due: null, untilNextMs };
  }

  async #changedPins(acceptedHash: string, candidateHash: string): Promise<ChangedPins> {
    const { trees } = this.#options;
    const [accepted, candidate] = [await trees.read(acceptedHash), await trees.read(candidateHash)];
    if (accepted === null || candidate === null) return { pins: [] };
    // Loaded at first need: the parser of PKGBUILDs would delay every start.
    const { judge } = await import("../review/judge.ts");
    const { verdict, facts } = judge(accepted, candidate);
    return verdict === "pin" ? changedPins(accepted, candidate, facts) : { pins: [] };
  }

  async #take(key: string, pins: readonly Pin[], result: LookResult): Promise<void> {
    if (result.outcome !== "pins") {
      this.#dueAt.set(key, this.#options.clock.now() + AGAIN_AFTER_MS);
      return;
    }
    const lost = pins.find((_, at) => typeof result.places[at] !== "string");
    await this.#learn(
      key,
      lost === undefined
        ? null
        : lost.kind === "tag"
        ? `${lost.url} has no tag ${lost.value}`
        : `the commit ${lost.value} is on no branch or tag of ${lost.url}: it may be of a fork`,
    );
  }

  async #learn(key: string, fault: string | null): Promise<void> {
    this.#faults.set(key, fault);
    await this.#options.onKnown();
  }
}

function keyOf({ accepted }: WatchedPackage, treeHash: string): string {
  return `${accepted?.treeHash} ${treeHash}`;
}
