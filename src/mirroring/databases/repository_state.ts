import type { Repository } from "../../repositories/repository.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { Doubts } from "./doubts.ts";
import { fingerprintOf, KnownContents } from "./known_contents.ts";
import type { ServedIndex } from "./served_index.ts";
import type { SnapshotRefresh } from "./snapshot_refresh.ts";

/** What is known about one repository; times are in milliseconds of the monotonic clock. */
export interface RepositoryState {
  readonly repository: Repository;
  /** The running refresh. */
  refresh: SnapshotRefresh | null;
  /** When a mirror last confirmed the served snapshot; -Infinity if none has since startup. */
  checkedAt: number;
  /** When a refresh last failed; -Infinity if none did. */
  failedAt: number;
  /** When a client last requested the file list; milliseconds since the epoch, 0 for never. */
  filesAskedAt: number;
  /** When a client last got a file without a date; milliseconds since the epoch, 0 for never. */
  undatedAt: number;
  /** Until when the mirrors are considered to have no file list. */
  fileListMissingUntil: number;
  /** What the served database says. */
  readonly served: ServedIndex;
  /** See `epochOf`. */
  epoch: number;
  doubts: Doubts;
  /** What mirrors had; null until the served snapshot has been examined. */
  known: KnownContents | null;
  /** SHA-256 of contents found to be older than the served one. */
  refused: Set<string>;
  /** Which mirrors were configured at the last refresh; null if unknown. */
  mirrorSet: string | null;
  /** Whether the log says that the repository is gone. */
  isGoneLogged: boolean;
}

/** The initial state of a repository. */
export function newState(repository: Repository, served: ServedIndex): RepositoryState {
  return {
    repository,
    refresh: null,
    checkedAt: -Infinity,
    failedAt: -Infinity,
    filesAskedAt: 0,
    undatedAt: 0,
    fileListMissingUntil: -Infinity,
    served,
    epoch: 0,
    doubts: new Doubts(),
    known: null,
    refused: new Set(),
    mirrorSet: null,
    isGoneLogged: false,
  };
}

/** Identifies the mirrors of a distribution and their layout. */
export function mirrorSetOf({ pool }: Upstream): string {
  return fingerprintOf(pool.mirrors.map(({ address }) => address).sort().join(" "));
}

/** What is known about the mirrors from before startup. */
export function knownFrom(snapshot: Snapshot | null): KnownContents {
  const known = new KnownContents();
  if (snapshot === null || snapshot.origin === null) return known;
  const { origin: { mirror, etag, size, receivedAt }, sha256, members } = snapshot;
  const description = { lastModified: members.db.lastModified, etag, size };
  known.remember(mirror, { description, sha256, receivedAt });
  return known;
}
