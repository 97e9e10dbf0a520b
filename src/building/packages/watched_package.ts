import type { AurPackage } from "../../formats/aur/rpc_answer.ts";
import type { Attribution } from "../accepted_build.ts";
import type { BuildSettings } from "../build_settings.ts";

/** Times in this file are in milliseconds since the epoch. */

/** Where the files of a package base come from. */
export type Source =
  | { readonly kind: "aur" }
  /** A folder of an administrator, who sends it again after each change. */
  | { readonly kind: "folder" }
  /** A git repository elsewhere, which builders look at. */
  | { readonly kind: "git"; readonly url: string; readonly reference: string };

/** Who may push to a package base. */
export interface Maintainers {
  /** Null for an orphan. */
  readonly maintainer: string | null;
  /** Sorted. */
  readonly coMaintainers: readonly string[];
}

/** A tree that is not accepted. */
export interface Candidate {
  readonly treeHash: string;
  readonly version: string;
  /** The push that brought it; for sources that do not tell, when it was seen first. */
  readonly pushedAt: number;
  readonly seenAt: number;
}

/** The tree that was accepted last. */
export interface Accepted extends Attribution, Maintainers {
  readonly treeHash: string;
  readonly version: string;
  /** Whether the build is in the queue. A crash may come between the two. */
  readonly isQueued: boolean;
}

/** A decision, as it is kept for good. */
export interface DecisionRecord extends Attribution {
  readonly action:
    | "added"
    | "approved"
    | "accepted by rule"
    | "skipped"
    | "held"
    | "released"
    | "cool-down changed"
    | "settings proposed"
    | "settings approved"
    | "settings rejected"
    | "settings withdrawn";
  readonly treeHash: string | null;
  readonly version: string | null;
  /** What changed in the settings, a sentence each. */
  readonly settings?: readonly string[];
}

/** Build settings, and who proposed or approved them. */
export interface DecidedSettings extends Attribution {
  readonly settings: BuildSettings;
}

/** Something that happened to the package at its source, in words. */
export interface News {
  readonly at: number;
  readonly text: string;
}

/** Everything that is known of a watched package base. It is one file on disk. */
export interface WatchedPackage {
  readonly base: string;
  /** The packages that it makes. */
  readonly names: readonly string[];
  readonly source: Source;
  readonly added: { readonly at: number; readonly by: string };
  /** Those that were added together are decided together, the first time. */
  readonly group: string;
  /** Whether it was added because another one needs it. */
  readonly isDependency: boolean;
  /** Watched package bases that must be published before it can be built. */
  readonly needs: readonly string[];
  /** Dependencies of the newest tree that no repository has and nobody watches. */
  readonly unmet: readonly string[];
  /** What its source says at present; null before the first answer, and where there is none. */
  readonly info: AurPackage | null;
  /** Answers in a row that lacked it; 0 if it is there. */
  readonly missing: number;
  /** When it came back after it was gone; null if it never was. */
  readonly returnedAt: number | null;
  /** All changes, the oldest first. */
  readonly maintainers: readonly (Maintainers & { readonly at: number })[];
  /** The latest, the oldest first. */
  readonly news: readonly News[];
  /** Why its files cannot be taken at present; null if they can. */
  readonly problem: string | null;
  /** What the source said of its files when they were taken last: a time, a commit or a hash. */
  readonly takenFor: string | null;
  /** Trees since the accepted one, the oldest first. */
  readonly candidates: readonly Candidate[];
  readonly accepted: Accepted | null;
  /** Versions that are not built. */
  readonly skipped: readonly string[];
  /** Why nothing of it is built; null if it may be. */
  readonly hold: Attribution | null;
  /** Replaces the configured cool-down. */
  readonly coolDown: (Attribution & { readonly ms: number }) | null;
  /** How it is built; null for the usual way. */
  readonly settings: DecidedSettings | null;
  /** Settings that wait for a person; null for none. */
  readonly proposed: DecidedSettings | null;
  readonly decisions: readonly DecisionRecord[];
  /** The build that is published; null before the first. */
  readonly published: { readonly version: string; readonly at: number } | null;
}

const MAX_NEWS = 50;
/** Above any number of pushes within a cool-down by people. */
const MAX_CANDIDATES = 64;

/** A package base that nothing is known of yet. */
export function newPackage(
  fields: Pick<
    WatchedPackage,
    "base" | "names" | "source" | "added" | "group" | "isDependency" | "needs"
  >,
): WatchedPackage {
  return {
    ...fields,
    unmet: [],
    info: null,
    missing: 0,
    returnedAt: null,
    maintainers: [],
    news: [],
    problem: null,
    takenFor: null,
    candidates: [],
    accepted: null,
    skipped: [],
    hold: null,
    coolDown: null,
    settings: null,
    proposed: null,
    decisions: [],
    published: null,
  };
}

/** The newest tree, if it is not the accepted one. */
export function newestOf({ candidates }: WatchedPackage): Candidate | null {
  return candidates.at(-1) ?? null;
}

export function withNews(watched: WatchedPackage, at: number, ...texts: string[]): WatchedPackage {
  if (texts.length === 0) return watched;
  const news = [...watched.news, ...texts.map((text) => ({ at, text }))];
  return { ...watched, news: news.slice(-MAX_NEWS) };
}

/**
 * Adds a tree that was found at the source. One that is known already becomes the newest again, and
 * keeps the time of its push, or gets a later one that is not after it was seen first. The accepted
 * tree is none: its return ends what waits.
 */
export function withTree(
  watched: WatchedPackage,
  { treeHash, version, pushedAt, now }: {
    treeHash: string;
    version: string;
    pushedAt: number;
    now: number;
  },
): WatchedPackage {
  if (treeHash === watched.accepted?.treeHash) return { ...watched, candidates: [] };
  const known = watched.candidates.find((each) => each.treeHash === treeHash);
  const seenAt = known?.seenAt ?? now;
  // A push cannot be later than its tree was seen, whatever the source says.
  const pushed = Math.max(known?.pushedAt ?? -Infinity, Math.min(pushedAt, seenAt));
  const others = watched.candidates.filter((each) => each.treeHash !== treeHash);
  const candidates = [...others, { treeHash, version, pushedAt: pushed, seenAt }];
  return { ...watched, candidates: candidates.slice(-MAX_CANDIDATES) };
}
