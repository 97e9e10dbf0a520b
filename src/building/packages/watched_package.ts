import type { AurPackage } from "../../formats/aur/rpc_answer.ts";
import type { Attribution } from "../accepted_build.ts";
import type { BuildSettings } from "../build_settings.ts";

/** Times in this file are in milliseconds since the epoch. */

/** Where the files of a package base come from. */
export type Source =
  | { readonly kind: "aur" }
  /** A folder that an administrator uploads again after each change. */
  | { readonly kind: "folder" }
  /** Another git repository, which builders check. */
  | { readonly kind: "git"; readonly url: string; readonly reference: string };

/** Who may push to a package base. */
export interface Maintainers {
  /** Null for an orphan. */
  readonly maintainer: string | null;
  /** Sorted. */
  readonly coMaintainers: readonly string[];
}

/** A tree that is not accepted yet. */
export interface Candidate {
  readonly treeHash: string;
  readonly version: string;
  /** Time of its push; if the source does not tell, when it was first seen. */
  readonly pushedAt: number;
  readonly seenAt: number;
}

/** The accepted tree. */
export interface Accepted extends Attribution, Maintainers {
  readonly treeHash: string;
  readonly version: string;
  /** Whether its build has been queued; a crash may come before that. */
  readonly isQueued: boolean;
}

/** A decision, which is kept permanently. */
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
  /** The changed settings, each in a few words. */
  readonly settings?: readonly string[];
}

/** Build settings, and who proposed or approved them. */
export interface DecidedSettings extends Attribution {
  readonly settings: BuildSettings;
}

/** An event at the source of the package, in words. */
export interface News {
  readonly at: number;
  readonly text: string;
}

/** Everything that is known about a watched package base: one file on disk. */
export interface WatchedPackage {
  readonly base: string;
  /** The packages that it makes. */
  readonly names: readonly string[];
  readonly source: Source;
  readonly added: { readonly at: number; readonly by: string };
  /** First builds of bases that were added together are decided together. */
  readonly group: string;
  /** Whether it was added because another one needs it. */
  readonly isDependency: boolean;
  /** Watched package bases that must be published before this one can be built. */
  readonly needs: readonly string[];
  /** Dependencies of the newest tree that no repository has and that are not watched. */
  readonly unmet: readonly string[];
  /** The last answer of its source; null before the first, or if there are none. */
  readonly info: AurPackage | null;
  /** Consecutive answers without it; 0 if the source has it. */
  readonly missing: number;
  /** When it came back after it had been gone; null if it never was. */
  readonly returnedAt: number | null;
  /** All changes, the oldest first. */
  readonly maintainers: readonly (Maintainers & { readonly at: number })[];
  /** The latest, the oldest first. */
  readonly news: readonly News[];
  /** Why its files are rejected; null if they are not. */
  readonly problem: string | null;
  /** Identifies the files that were last received from the source: a time, a commit or a hash. */
  readonly takenFor: string | null;
  /** Trees since the accepted one, the oldest first. */
  readonly candidates: readonly Candidate[];
  readonly accepted: Accepted | null;
  /** Rejected versions. */
  readonly skipped: readonly string[];
  /** Why it is not built; null if it may be. */
  readonly hold: Attribution | null;
  /** Overrides the configured cool-down. */
  readonly coolDown: (Attribution & { readonly ms: number }) | null;
  /** How it is built; null for the default settings. */
  readonly settings: DecidedSettings | null;
  /** Settings that need approval; null for none. */
  readonly proposed: DecidedSettings | null;
  readonly decisions: readonly DecisionRecord[];
  /** The published build; null before the first. */
  readonly published: { readonly version: string; readonly at: number } | null;
}

const MAX_NEWS = 50;
/** More than people push within a cool-down. */
const MAX_CANDIDATES = 64;

/** A package base about which nothing is known yet. */
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
 * Adds a tree that was found at the source. A known one becomes the newest again; it keeps the time
 * of its push, or gets a later one that is not after it was first seen. The accepted tree is no
 * candidate: if it returns, there are no candidates any more.
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
  // A push cannot be later than the time at which its tree was seen, whatever the source says.
  const pushed = Math.max(known?.pushedAt ?? -Infinity, Math.min(pushedAt, seenAt));
  const others = watched.candidates.filter((each) => each.treeHash !== treeHash);
  const candidates = [...others, { treeHash, version, pushedAt: pushed, seenAt }];
  return { ...watched, candidates: candidates.slice(-MAX_CANDIDATES) };
}
