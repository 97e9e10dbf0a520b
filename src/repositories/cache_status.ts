/**
 * What the cache did for a request, as the X-Cache header says it: `HIT` sent from disk; `MISS`
 * began a transfer; `JOIN` follows one begun before; `PASS` a range straight from a mirror;
 * `REVALIDATED` a mirror said that the copy is current; `REFRESHED` a newer one was fetched first;
 * `STALE` no mirror could be asked in time.
 */
export type CacheStatus = "HIT" | "MISS" | "JOIN" | "PASS" | "REVALIDATED" | "REFRESHED" | "STALE";

export const CACHE_STATUS_HEADER = "x-cache";
