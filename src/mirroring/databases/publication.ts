import { statIfPresent } from "../../platform/files/durable.ts";
import { CLOCK_SLACK_MS, dateOf } from "../../repositories/database_date.ts";
import type { PackageIndex } from "../../repositories/package_index.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { SnapshotStore } from "../../repositories/snapshot_store.ts";
import type { CopiedSet } from "./copy_set.ts";
import { mirrorKey } from "./known_contents.ts";

/** How many databases before the served one are still recognized by their content. */
const MAX_FORMER = 50;

export interface PublicationOptions {
  repository: Repository;
  store: SnapshotStore;
  /** The served snapshot, or null. */
  current: Snapshot | null;
  /** Which mirrors are configured. */
  mirrorSet: string;
  /** When a client last requested the file list, in milliseconds since the epoch; 0 for never. */
  filesAskedAt: number;
  /**
   * When a client last dated a file by its own clock, in milliseconds since the epoch; 0 for never.
   */
  undatedAt: () => number;
  /** Called with a new database right before and right after its publication. */
  onNewDatabase: (index: PackageIndex) => Promise<void>;
}

/** Publishes a set with a new database. All of its files must be in place. */
export async function publishSet(
  set: CopiedSet,
  { awaitsSignature, rolledBack }: {
    /** Whether a signature of the database is expected to appear on the mirrors. */
    awaitsSignature: boolean;
    /** Whether the database is older than the served one. */
    rolledBack: boolean;
  },
  options: PublicationOptions,
): Promise<Snapshot> {
  const { repository, store, current, mirrorSet, filesAskedAt, onNewDatabase } = options;
  const { mirror, names, database, index, companions } = set;
  const { description, sha256, size, receivedAt } = database;
  const snapshot: Snapshot = {
    generation: names.generation,
    mirror: mirror.name,
    publishedAt: Date.now(),
    sha256,
    newestBuildDate: index.newestBuildDate,
    rollback: null,
    origin: { mirror: mirrorKey(mirror), etag: description.etag, size, receivedAt },
    mirrorSet,
    // After a rollback, the mirrors may return to what was served before.
    former: current === null || rolledBack
      ? []
      : [current.sha256, ...current.former.filter((one) => one !== sha256)].slice(0, MAX_FORMER),
    awaitsSignature,
    goneSince: null,
    filesAskedAt,
    members: {
      db: { blob: names.blob("db"), lastModified: description.lastModified },
      ...companions,
    },
  };
  await dateForClients(snapshot, "db", options);
  await dateForClients(snapshot, "files", options);
  await onNewDatabase(index);
  await store.publish(repository, snapshot);
  // Again, for packages cached since the first call.
  await onNewDatabase(index);
  return snapshot;
}

/** Keeps the served database, with what has been learned about it or copied for it. */
export async function publishKept(
  kept: Snapshot,
  options: Omit<PublicationOptions, "onNewDatabase">,
): Promise<Snapshot> {
  const { repository, store, current, filesAskedAt } = options;
  const snapshot = { ...kept, filesAskedAt };
  if (kept.members.files !== undefined && kept.members.files !== current?.members.files) {
    await dateForClients(snapshot, "files", options);
  }
  await store.publish(repository, snapshot);
  return snapshot;
}

/**
 * Sets the mtime of a database or file list, which clients get as Last-Modified: the mirror's date,
 * but later than that of the file it replaces. pacman accepts only a newer file than its own, and
 * dates an undated one by its clock, so a file without a date or from a rollback cannot keep the
 * mirror's. It is never ahead of the clock, or clients would accept nothing else until then.
 */
async function dateForClients(
  { members, newestBuildDate }: Snapshot,
  name: "db" | "files",
  { repository, store, current, undatedAt }: Pick<
    PublicationOptions,
    "repository" | "store" | "current" | "undatedAt"
  >,
): Promise<void> {
  const member = members[name];
  if (member === undefined) return;
  const now = Date.now();
  const date = dateOf(member.lastModified, now) ?? dateOf(members.db.lastModified, now) ??
    newestBuildDate ?? 0;
  const replaced = current?.members[name];
  const info = replaced === undefined
    ? null
    : await statIfPresent(store.pathOf(repository, replaced.blob));
  const earliest = Math.max(info?.mtime?.getTime() ?? 0, undatedAt()) + 1000;
  // Publishing two databases within one second costs a date one second ahead.
  const latest = Math.max(now, Math.min(earliest, now + CLOCK_SLACK_MS));
  const modified = new Date(Math.min(Math.max(date, earliest), latest));
  await Deno.utime(store.pathOf(repository, member.blob), modified, modified);
}
