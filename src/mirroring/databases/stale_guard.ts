import { parseHttpDate } from "../../formats/http/http_date.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal } from "../mirrors/mirror_response.ts";
import type { PackageIndex } from "../../repositories/package_index.ts";
import type { Rollback, Snapshot } from "../../repositories/snapshot.ts";

/**
 * Refuses databases older than the one being served: a mirror that lags is no reason to give
 * clients an older database than they have. What was refused is remembered.
 */
export class StaleGuard {
  readonly #offers = new Map<Mirror, number>();
  readonly #served: { lastModified: number | null; newestBuildDate: number | null };
  #sawNewer = false;

  constructor(current: Snapshot | null) {
    this.#served = {
      lastModified: timeOf(current?.members.db.lastModified),
      newestBuildDate: current?.newestBuildDate ?? null,
    };
  }

  /** Whether there is nothing that a database could be older than. */
  get isOff(): boolean {
    return this.#served.lastModified === null && this.#served.newestBuildDate === null;
  }

  /** The mirrors whose database was refused. */
  get lagging(): Mirror[] {
    return [...this.#offers.keys()];
  }

  /** The date of the newest database that was refused, if no mirror had one that was not. */
  get agreedUpon(): number | null {
    return this.#sawNewer || this.#offers.size === 0 ? null : Math.max(...this.#offers.values());
  }

  /** By the Last-Modified header, where both have one. */
  checkDate(mirror: Mirror, lastModified: string | null): void {
    this.#check(mirror, timeOf(lastModified), this.#served.lastModified);
  }

  /** By the newest package inside, where one of the two has no date. */
  checkBuilds(mirror: Mirror, lastModified: string | null, index: PackageIndex): void {
    if (timeOf(lastModified) !== null && this.#served.lastModified !== null) return;
    this.#check(mirror, index.newestBuildDate, this.#served.newestBuildDate);
  }

  /** Takes note that all that `mirror` has is of the time `offered`, which is too old. */
  note(mirror: Mirror, offered: number): void {
    this.#offers.set(mirror, offered);
  }

  #check(mirror: Mirror, offered: number | null, served: number | null): void {
    if (offered === null || served === null) return;
    if (offered >= served) {
      this.#sawNewer = true;
      return;
    }
    this.note(mirror, offered);
    throw new MirrorRefusal(
      "different",
      `has the database of ${new Date(offered).toUTCString()}, older than the served one of ` +
        new Date(served).toUTCString(),
    );
  }
}

/** Milliseconds since the epoch of an HTTP date, or null. */
export function timeOf(header: string | null | undefined): number | null {
  return parseHttpDate(header ?? "")?.getTime() ?? null;
}

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
