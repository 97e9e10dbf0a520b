import { randomBytes } from "node:crypto";
import type { Clock } from "../../async/clock.ts";
import { Notifier } from "../../async/notifier.ts";
import { Turns } from "../../async/turns.ts";
import { PkgstashError } from "../../errors.ts";
import { parseSrcinfo } from "../../formats/pacman/srcinfo.ts";
import type { FollowedSource } from "../../formats/pacman/vcs_source.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { PackageStore } from "../packages/package_store.ts";
import { type WatchedPackage, withNews } from "../packages/watched_package.ts";
import { followedSources } from "../queue/approved_metadata.ts";
import type { TreeStore } from "../trees.ts";
import {
  type GitReference,
  isUsable,
  keyOf,
  type Look,
  type LookResult,
  type SeenSources,
} from "./look.ts";
import type { SeenSourcesStore } from "./seen_sources.ts";

const log = eventLogger("looks");

/** A builder that says nothing for so long is not waited for. */
const LEASE_MS = 10 * 60_000;
/** After a failure, unless looks are more frequent. */
const AFTER_FAILURE_MS = 3_600_000;
/** Time passes on other clocks as well. */
const MOST_SLEEP_MS = 60_000;
const ID_BYTES = 16;
/** As the protocol has it, and more than any package has. */
const MOST_REFERENCES = 100;

export interface LooksOptions {
  readonly store: PackageStore;
  readonly trees: TreeStore;
  readonly seen: SeenSourcesStore;
  readonly clock: Clock;
  readonly intervalMs: () => number;
  /** Has the accepted files of a package base built again, for a reason in words. */
  readonly onMoved: (watched: WatchedPackage, reason: string) => Promise<void>;
}

/** What is leased to a builder. */
interface Leased {
  readonly builder: string;
  readonly base: string;
  readonly treeHash: string;
  readonly look: Look;
  /** On the clock that never goes back. */
  readonly endsAt: number;
}

/**
 * Has builders ask the sources of packages that follow one, such as `foo-git`, for what they have now.
 * What has moved since the look before makes a build of the accepted files. Nothing but what was seen
 * last is kept: looks that were lost with a builder or at a restart are simply due again.
 */
export class Looks {
  readonly #options: LooksOptions;
  readonly #leased = new Map<string, Leased>();
  readonly #changes = new Notifier();
  readonly #turns = new Turns();
  readonly #stop = new AbortController();
  /** Package bases that are due before their time. */
  readonly #asked = new Set<string>();
  /** What the trees follow, by their hash. */
  readonly #followed = new Map<string, readonly FollowedSource[]>();

  constructor(options: LooksOptions) {
    this.#options = options;
  }

  /** Tells waiting builders that a package base was accepted, released or added. */
  notify(): void {
    this.#changes.notify();
  }

  /** Makes everything due now. */
  lookNow(): void {
    for (const { base } of this.#options.store.list()) this.#asked.add(base);
    this.#changes.notify();
  }

  /** Leases what is to be looked at next to a builder; null if nothing is due within `waitMs`. */
  async lease(
    { builder, waitMs, signal }: { builder: string; waitMs: number; signal: AbortSignal },
  ): Promise<{ readonly id: string; readonly base: string; readonly look: Look } | null> {
    const { clock } = this.#options;
    const end = clock.monotonic() + waitMs;
    while (!signal.aborted && !this.#stop.signal.aborted) {
      const change = this.#changes.next;
      const { next, untilNextMs } = await this.#turns.run(() => this.#next());
      if (next !== null && !signal.aborted) {
        const id = randomBytes(ID_BYTES).toString("hex");
        this.#leased.set(id, { ...next, builder, endsAt: clock.monotonic() + LEASE_MS });
        return { id, base: next.base, look: next.look };
      }
      const left = end - clock.monotonic();
      if (left <= 0) return null;
      await this.#pause(Math.min(left, untilNextMs, MOST_SLEEP_MS), change, signal);
    }
    return null;
  }

  /**
   * Takes what a builder says of a look.
   *
   * @throws PkgstashError `not_found` if it has none of this id.
   */
  async report(
    { builder, id }: { builder: string; id: string },
    result: LookResult,
  ): Promise<void> {
    const leased = this.#require(builder, id);
    await this.#turns.run(async () => {
      if (!this.#leased.delete(id)) return;
      if (result.outcome === "failed") await this.#recordFailure(leased, oneLine(result.reason));
      else await this.#recordCommits(leased, leased.look.references, result.commits);
    });
    this.#changes.notify();
  }

  /** Lets go of builders that wait. */
  letGo(): void {
    this.#stop.abort();
  }

  async stop(): Promise<void> {
    this.letGo();
    await this.#turns.settled();
  }

  /** What was seen of what the accepted files follow; null if nobody has looked yet. */
  seenOf({ base, accepted }: WatchedPackage): SeenSources | null {
    const seen = this.#options.seen.find(base);
    return seen?.treeHash === accepted?.treeHash ? seen : null;
  }

  /** What the accepted files of a package base follow. */
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

  #require(builder: string, id: string): Leased {
    const leased = this.#leased.get(id);
    if (leased?.builder === builder && leased.endsAt > this.#options.clock.monotonic()) {
      return leased;
    }
    throw new PkgstashError(
      "not_found",
      "Cannot find this look: it is not this builder's, or was long ago. Ask for another one.",
    );
  }

  /** What is due and nobody looks at, and how long it is until something is. */
  async #next(): Promise<
    { next: Omit<Leased, "builder" | "endsAt"> | null; untilNextMs: number }
  > {
    const { store, clock } = this.#options;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    for (const [id, { endsAt }] of this.#leased) if (endsAt <= monotonic) this.#leased.delete(id);
    const taken = new Set([...this.#leased.values()].map(({ base }) => base));
    let untilNextMs = Infinity;
    for (const watched of store.list()) {
      const { base, accepted, hold } = watched;
      if (accepted === null || hold !== null || taken.has(base)) continue;
      const references = usableOf(await this.followedBy(watched));
      if (references.length === 0) continue;
      const wait = this.#dueAt(watched) - now;
      if (wait > 0) untilNextMs = Math.min(untilNextMs, wait);
      else {
        this.#asked.delete(base);
        const look: Look = { kind: "references", references };
        return { next: { base, treeHash: accepted.treeHash, look }, untilNextMs: 0 };
      }
    }
    return { next: null, untilNextMs };
  }

  #dueAt({ base, accepted }: WatchedPackage): number {
    const seen = this.#options.seen.find(base);
    if (this.#asked.has(base) || seen === null || seen.treeHash !== accepted?.treeHash) {
      return -Infinity;
    }
    const interval = this.#options.intervalMs();
    return seen.at + (seen.failure === null ? interval : Math.min(interval, AFTER_FAILURE_MS));
  }

  async #recordCommits(
    leased: Leased,
    references: readonly GitReference[],
    commits: readonly (string | null)[],
  ): Promise<void> {
    const { seen, store, clock } = this.#options;
    const missing = references.find((_, at) => typeof commits[at] !== "string");
    if (missing !== undefined) {
      const what = missing.reference.replace("refs/heads/", "branch ");
      return await this.#recordFailure(leased, `${missing.url} has no ${what}`);
    }
    const { base, treeHash } = leased;
    const before = seen.find(base);
    const watched = store.find(base);
    // The files that were accepted meanwhile are built anyway.
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
      await this.#tell(base, `The sources of ${base} can be looked at again.`);
    }
    await this.#keep(leased, { commits: now, failure: null, at: clock.now() });
  }

  /** It is told once, and again only after it went well in between. */
  async #recordFailure(leased: Leased, reason: string): Promise<void> {
    const { seen, clock } = this.#options;
    const { base, treeHash } = leased;
    const before = seen.find(base);
    const isSame = before?.treeHash === treeHash;
    if (!isSame || before.failure === null) {
      log.warn("the sources of a package cannot be looked at", { package: base, reason });
      await this.#tell(base, `The sources of ${base} cannot be looked at: ${reason}.`);
    }
    const commits = isSame ? before.commits : {};
    await this.#keep(leased, { commits, failure: reason, at: clock.now() });
  }

  async #keep(
    { base, treeHash }: Leased,
    seen: { commits: Readonly<Record<string, string>>; failure: string | null; at: number },
  ): Promise<void> {
    const { store } = this.#options;
    await this.#options.seen.keep(base, { treeHash, ...seen }, (each) => store.find(each) !== null);
  }

  async #tell(base: string, text: string): Promise<void> {
    const { store, clock } = this.#options;
    await store.update(base, (watched) => withNews(watched, clock.now(), text));
  }

  async #pause(milliseconds: number, change: Promise<void>, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, this.#stop.signal, done.signal]);
    if (either.aborted) return;
    await Promise.race([change, this.#options.clock.sleep(Math.max(0, milliseconds), either)]);
    done.abort();
  }
}

/** Those that a builder can look at, each once. */
function usableOf(followed: readonly FollowedSource[]): GitReference[] {
  const usable = followed.filter((each) => each.tool === "git" && isUsable(each))
    .map(({ url, reference }) => ({ url, reference }));
  return [...new Map(usable.map((each) => [keyOf(each), each])).values()].slice(0, MOST_REFERENCES);
}

const SHORT_LENGTH = 10;

function short(commit: string): string {
  return commit.slice(0, SHORT_LENGTH);
}

/** It comes from a server, and is shown on terminals and in messages. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, 500)
    .replace(/\.$/, "");
}
