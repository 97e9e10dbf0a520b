import type { Clock } from "../../async/clock.ts";
import type { PackageStore } from "../packages/package_store.ts";
import type { WatchedPackage } from "../packages/watched_package.ts";
import type { TreeStore } from "../trees.ts";
import type { DueLook, LookResult, LookSource, Pin } from "./look.ts";
import { type ChangedPins, changedPins } from "./pins.ts";

/** Pause after a repository could not be reached. */
const AGAIN_AFTER_MS = 3_600_000;

export interface PinnedSourcesOptions {
  readonly store: PackageStore;
  readonly trees: TreeStore;
  readonly clock: Clock;
  /** Whether changes of pins may pass automatically at all. */
  readonly isWanted: () => boolean;
  /** Called once the pins of a package have been checked. */
  readonly onKnown: () => Promise<void>;
}

/**
 * Checks that newly pinned commits and tags are on a branch or tag: servers also show commits of forks
 * and pull requests, by people who may not push to the repository. Results are only in memory.
 */
export class PinnedSources implements LookSource {
  readonly #options: PinnedSourcesOptions;
  /** The fault of the pins of a change, by both trees; null for none. */
  readonly #faults = new Map<string, string | null>();
  readonly #dueAt = new Map<string, number>();

  constructor(options: PinnedSourcesOptions) {
    this.#options = options;
  }

  /** The fault of a candidate's pins; null for none, undefined until they have been checked. */
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
    // Loaded on first use: the PKGBUILD parser would delay every start.
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
        : `the commit ${lost.value} is on no branch or tag of ${lost.url}: it may belong to a fork`,
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
