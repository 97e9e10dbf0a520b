import type { Clock } from "../../async/clock.ts";
import { parseSrcinfo } from "../../formats/pacman/srcinfo.ts";
import type { FollowedSource } from "../../formats/pacman/vcs_source.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { PackageStore } from "../packages/package_store.ts";
import { type WatchedPackage, withNews } from "../packages/watched_package.ts";
import { followedSources } from "../queue/approved_metadata.ts";
import type { TreeStore } from "../trees.ts";
import {
  type DueLook,
  failureText,
  type GitReference,
  isUsable,
  keyOf,
  type LookResult,
  type LookSource,
  type SeenSources,
} from "./look.ts";
import type { SeenSourcesStore } from "./seen_sources.ts";

const log = eventLogger("looks");

/** Pause after a failure, unless the interval is shorter. */
const AFTER_FAILURE_MS = 3_600_000;
/** The limit of the protocol, and more than any package has. */
const MOST_REFERENCES = 100;

export interface FollowedRepositoriesOptions {
  readonly store: PackageStore;
  readonly trees: TreeStore;
  readonly seen: SeenSourcesStore;
  readonly clock: Clock;
  readonly intervalMs: () => number;
  /** Rebuilds the accepted files of a package base, for a reason in words. */
  readonly onMoved: (watched: WatchedPackage, reason: string) => Promise<void>;
}

/** The accepted files of a package base, and the sources that builders can check. */
interface Followed {
  readonly base: string;
  readonly treeHash: string;
  readonly references: readonly GitReference[];
}

/**
 * The repositories that packages such as `foo-git` follow. New commits since the last look cause a
 * build of the accepted files.
 */
export class FollowedRepositories implements LookSource {
  readonly #options: FollowedRepositoriesOptions;
  /** Package bases that are due at once. */
  readonly #asked = new Set<string>();
  /** The repositories that trees follow, by tree hash. */
  readonly #followed = new Map<string, readonly FollowedSource[]>();

  constructor(options: FollowedRepositoriesOptions) {
    this.#options = options;
  }

  lookNow(): void {
    for (const { base } of this.#options.store.list()) this.#asked.add(base);
  }

  async next(
    taken: ReadonlySet<string>,
  ): Promise<{ due: DueLook | null; untilNextMs: number }> {
    const { store, clock } = this.#options;
    let untilNextMs = Infinity;
    for (const watched of store.list()) {
      const { base, accepted, hold } = watched;
      if (accepted === null || hold !== null || taken.has(base)) continue;
      const references = usableOf(await this.followedBy(watched));
      if (references.length === 0) continue;
      const wait = this.#dueAt(watched) - clock.now();
      if (wait > 0) {
        untilNextMs = Math.min(untilNextMs, wait);
        continue;
      }
      this.#asked.delete(base);
      const followed = { base, treeHash: accepted.treeHash, references };
      const take = (result: LookResult) => this.#take(followed, result);
      return { due: { about: base, look: { kind: "references", references }, take }, untilNextMs };
    }
    return { due: null, untilNextMs };
  }

  /** The last known commits for the accepted files; null before the first look. */
  seenOf({ base, accepted }: WatchedPackage): SeenSources | null {
    const seen = this.#options.seen.find(base);
    return seen?.treeHash === accepted?.treeHash ? seen : null;
  }

  /** The repositories that the accepted files of a package base follow. */
  async followedBy({ accepted }: WatchedPackage): Promise<readonly FollowedSource[]> {
    if (accepted === null) return [];
    const known = this.#followed.get(accepted.treeHash);
    if (known !== undefined) return known;
    const followed = await this.#readFollowed(accepted.treeHash);
    this.#followed.set(accepted.treeHash, followed);
    return followed;
  }

  async #readFollowed(treeHash: string): Promise<FollowedSource[]> {
    const content = (await this.#options.trees.read(treeHash))?.get(".SRCINFO")?.content;
    if (content === null || content === undefined) return [];
    return followedSources(parseSrcinfo(new TextDecoder().decode(content)));
  }

  #dueAt(watched: WatchedPackage): number {
    const seen = this.seenOf(watched);
    if (seen === null || this.#asked.has(watched.base)) return -Infinity;
    const interval = this.#options.intervalMs();
    return seen.at + (seen.failure === null ? interval : Math.min(interval, AFTER_FAILURE_MS));
  }

  async #take(followed: Followed, result: LookResult): Promise<void> {
    if (result.outcome === "failed") {
      await this.#recordFailure(followed, failureText(result.reason));
    } else if (result.outcome === "references") await this.#recordCommits(followed, result.commits);
  }

  async #recordCommits(
    followed: Followed,
    commits: readonly (string | null)[],
  ): Promise<void> {
    const { seen, store, clock } = this.#options;
    const { base, treeHash, references } = followed;
    const missing = references.find((_, at) => typeof commits[at] !== "string");
    if (missing !== undefined) {
      const what = missing.reference.replace("refs/heads/", "branch ");
      return await this.#recordFailure(followed, `${missing.url} has no ${what}`);
    }
    const before = seen.find(base);
    const watched = store.find(base);
    // Files that have been accepted meanwhile are built anyway.
    if (watched?.accepted?.treeHash !== treeHash) return;
    const now = Object.fromEntries(references.map((each, at) => [keyOf(each), commits[at]!]));
    const moved = before?.treeHash !== treeHash ? [] : references.filter((each) => {
      const known = before.commits[keyOf(each)];
      return known !== undefined && known !== now[keyOf(each)];
    });
    if (moved.length > 0) {
      const reason = moved.map((each) =>
        `${each.url} moved from ${short(before!.commits[keyOf(each)]!)} to ` +
        short(now[keyOf(each)]!)
      ).join("; ");
      await this.#options.onMoved(watched, reason);
    }
    if (typeof before?.failure === "string") {
      await this.#tell(base, `The sources of ${base} can be checked again.`);
    }
    await this.#keep(followed, { commits: now, failure: null, at: clock.now() });
  }

  /** Reports a failure once, and again only after a success. */
  async #recordFailure(followed: Followed, reason: string): Promise<void> {
    const { seen, clock } = this.#options;
    const { base, treeHash } = followed;
    const before = seen.find(base);
    const isSame = before?.treeHash === treeHash;
    if (!isSame || before.failure === null) {
      log.warn("cannot check the sources of a package", { package: base, reason });
      await this.#tell(base, `Cannot check the sources of ${base}: ${reason}.`);
    }
    const commits = isSame ? before.commits : {};
    await this.#keep(followed, { commits, failure: reason, at: clock.now() });
  }

  async #keep(
    { base, treeHash }: Followed,
    seen: { commits: Readonly<Record<string, string>>; failure: string | null; at: number },
  ): Promise<void> {
    const { store } = this.#options;
    await this.#options.seen.keep(base, { treeHash, ...seen }, (each) => store.find(each) !== null);
  }

  async #tell(base: string, text: string): Promise<void> {
    const { store, clock } = this.#options;
    await store.update(base, (watched) => withNews(watched, clock.now(), text));
  }
}

/** The references that a builder can check, each once. */
function usableOf(followed: readonly FollowedSource[]): GitReference[] {
  const usable = followed.filter((each) => each.tool === "git" && isUsable(each))
    .map(({ url, reference }) => ({ url, reference }));
  return [...new Map(usable.map((each) => [keyOf(each), each])).values()].slice(0, MOST_REFERENCES);
}

const SHORT_LENGTH = 10;

function short(commit: string): string {
  return commit.slice(0, SHORT_LENGTH);
}
