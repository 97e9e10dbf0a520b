import { vercmp } from "../../formats/pacman/vercmp.ts";

/** A version of a package in the cache. */
export interface CachedVersion {
  readonly version: string | null;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  readonly fileName: string;
}

/** The total order in which `keep_versions` counts the versions of a package. */
export function newestFirst(a: CachedVersion, b: CachedVersion): number {
  return vercmp(b.version ?? "", a.version ?? "") || b.fetchedAt - a.fetchedAt ||
    (a.fileName === b.fileName ? 0 : a.fileName < b.fileName ? -1 : 1);
}
