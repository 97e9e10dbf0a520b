import { parseHttpDate } from "../../formats/http/http_date.ts";
import type { PackageIndex } from "../../repositories/package_index.ts";
import type { Rollback, Snapshot } from "../../repositories/snapshot.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal } from "../mirrors/mirror_response.ts";

/**
 * Refuses databases that are older than the served one: clients must not get an older database than
 * they have because a mirror lags. Remembers what it refused.
 */
export class StaleGuard {
  readonly #offers = new Map<Mirror, number>();
  readonly #served: { lastModified: number | null; newestBuildDate: number | null };
  #hasSeenCurrent = false;

  constructor(current: Snapshot | null) {
    this.#served = {
      lastModified: timeOf(current?.members.db.lastModified),
      newestBuildDate: current?.newestBuildDate ?? null,
    };
  }

  /** Whether the served database has no date, so that nothing can be older. */
  get isOff(): boolean {
    return this.#served.lastModified === null && this.#served.newestBuildDate === null;
  }

  /** The mirrors whose database was refused. */
  get lagging(): Mirror[] {
    return [...this.#offers.keys()];
  }

  /**
   * When the newest database that was refused dates from, in milliseconds since the epoch; null if
   * none was, or if a mirror offered one that is not too old.
   */
  get agreedUpon(): number | null {
    if (this.#hasSeenCurrent || this.#offers.size === 0) return null;
    return Math.max(...this.#offers.values());
  }

  /** Compares the Last-Modified header, if both databases have one. */
  checkDate(mirror: Mirror, lastModified: string | null): void {
    this.#check(mirror, timeOf(lastModified), this.#served.lastModified);
  }

  /** Compares the build date of the newest package, if one of the databases is not dated. */
  checkBuilds(mirror: Mirror, lastModified: string | null, index: PackageIndex): void {
    if (timeOf(lastModified) !== null && this.#served.lastModified !== null) return;
    this.#check(mirror, index.newestBuildDate, this.#served.newestBuildDate);
  }

  /** Records that the database of `mirror`, dated `offered`, is too old. */
  addLagging(mirror: Mirror, offered: number): void {
    this.#offers.set(mirror, offered);
  }

  #check(mirror: Mirror, offered: number | null, served: number | null): void {
    if (offered === null || served === null) return;
    if (offered >= served) {
      this.#hasSeenCurrent = true;
      return;
    }
    this.addLagging(mirror, offered);
    throw new MirrorRefusal(
      "different",
      `has the database of ${new Date(offered).toUTCString()}, older than the served one of ` +
        new Date(served).toUTCString(),
    );
  }
}

/**
 * Whether to accept an older database that every responding mirror offers: only after they have
 * agreed on it for `rollbackAgeMs`, because it is more likely that all of them lag than that the
 * repository was rolled back. Returns the record to keep until the next attempt.
 */
export function judgeRollback(
  record: Rollback | null,
  { offered, now, rollbackAgeMs }: { offered: number; now: number; rollbackAgeMs: number },
): { accepted: boolean; record: Rollback } {
  const isSame = record !== null && record.offered === offered;
  const kept = isSame ? record : { offered, since: now };
  return { accepted: now - kept.since >= rollbackAgeMs, record: kept };
}

/** Milliseconds since the epoch of an HTTP date, or null. */
export function timeOf(header: string | null | undefined): number | null {
  return parseHttpDate(header ?? "")?.getTime() ?? null;
}
