import type { Rollback } from "../../repositories/snapshot.ts";

/**
 * Whether an older database that every answering mirror offers is to be believed: only after they
 * have agreed on it for `rollbackAgeMs` milliseconds, since all of them lagging is likelier than a
 * repository that was really rolled back. Gives the record to keep until the next look.
 */
export function judgeRollback(
  record: Rollback | null,
  offered: number,
  now: number,
  rollbackAgeMs: number,
): { accepted: boolean; record: Rollback } {
  const same = record !== null && record.offered === offered;
  const kept = same ? record : { offered, since: now };
  return { accepted: now - kept.since >= rollbackAgeMs, record: kept };
}
