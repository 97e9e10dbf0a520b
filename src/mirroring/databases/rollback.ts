import type { Rollback } from "../../repositories/snapshot.ts";

/**
 * Whether to accept an older database that most responding mirrors have: only after none of their
 * databases has been as new as the served one for `rollbackAgeMs`, because it is more likely that
 * all of them lag than that the repository was rolled back. What they have meanwhile does not
 * matter, since a repository goes on publishing. Returns the record to keep until the next attempt.
 */
export function judgeRollback(
  record: Rollback | null,
  { now, rollbackAgeMs }: { now: number; rollbackAgeMs: number },
): { accepted: boolean; record: Rollback } {
  // A clock that was set back must not prolong it.
  const kept = record !== null && record.since <= now ? record : { since: now };
  return { accepted: now - kept.since >= rollbackAgeMs, record: kept };
}

/** The value that most mirrors have, with those mirrors; the first one in case of a tie. */
export function mostCommon<M>(values: ReadonlyMap<M, string>): M[] {
  const groups = new Map<string, M[]>();
  for (const [mirror, value] of values) {
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [mirror]);
    else group.push(mirror);
  }
  return [...groups.values()].reduce((most, one) => one.length > most.length ? one : most, []);
}
