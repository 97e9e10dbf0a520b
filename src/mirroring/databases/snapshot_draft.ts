import type { Repository } from "../../repositories/repository.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { SnapshotMember } from "../../formats/pacman/repository_file_name.ts";
import type { Companions } from "./companions.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import type { PackageIndex } from "../../repositories/package_index.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import { newGeneration, type SnapshotStore } from "../../repositories/snapshot_store.ts";
import { timeOf } from "./stale_guard.ts";

export interface SnapshotDraftOptions {
  repository: Repository;
  store: SnapshotStore;
  /** The served snapshot, or null. */
  current: Snapshot | null;
  /** When a client last asked for the file list, in milliseconds since the epoch; 0 for never. */
  filesAskedAt: number;
  /** Called with a new database right before and right after it is published. */
  onNewDatabase: (index: PackageIndex) => Promise<void>;
}

/** How a refresh that did not fail ended. */
export interface RefreshResult {
  /** Whether a snapshot was published. */
  changed: boolean;
  snapshot: Snapshot;
  /** The mirrors that are known to have this very database. */
  mirrors: readonly Mirror[];
  /** Null unless the database is new. */
  index: PackageIndex | null;
}

/** A database that was fetched, and its companions. */
export interface FetchedDatabase {
  mirror: Mirror;
  /** Lower-case hexadecimal. */
  sha256: string;
  lastModified: string | null;
  index: PackageIndex;
  companions: Companions;
}

/** A snapshot in the making, under a generation of its own, until it is published or given up. */
export class SnapshotDraft {
  readonly #generation = newGeneration();

  readonly #options: SnapshotDraftOptions;

  constructor(options: SnapshotDraftOptions) {
    this.#options = options;
  }

  /** Name on disk of a member. */
  blob(member: SnapshotMember): string {
    return `${this.#generation}-${this.#options.repository.name}.${member}`;
  }

  /** Whether a file in the snapshot directory is a member. */
  owns(blob: string): boolean {
    return blob.startsWith(this.#generation);
  }

  /** Keeps the served database, and adds the companions that are new. */
  async complete(
    current: Snapshot,
    mirrors: readonly Mirror[],
    companions: Companions,
  ): Promise<RefreshResult> {
    const changed = "files" in companions;
    const snapshot: Snapshot = changed
      ? {
        ...current,
        generation: this.#generation,
        rollback: null,
        members: { db: current.members.db, ...companions },
      }
      : { ...current, rollback: null };
    if (changed) await this.#dateFiles(snapshot);
    if (changed || current.rollback !== null) await this.#publish(snapshot);
    return { changed, snapshot, mirrors, index: null };
  }

  /** Publishes a new database. All of its files must be in place. */
  async publish(database: FetchedDatabase): Promise<RefreshResult> {
    const { current, onNewDatabase, repository, store } = this.#options;
    const { companions, index, lastModified, mirror, sha256 } = database;
    const db = { blob: this.blob("db"), lastModified };
    const snapshot: Snapshot = {
      generation: this.#generation,
      mirror: mirror.name,
      publishedAt: Date.now(),
      sha256,
      newestBuildDate: index.newestBuildDate,
      rollback: null,
      filesAskedAt: 0,
      members: { db, ...companions },
    };
    await dateForClients(
      store.pathOf(repository, db.blob),
      timeOf(lastModified) ?? index.newestBuildDate ?? 0,
      current === null ? null : store.pathOf(repository, current.members.db.blob),
    );
    await this.#dateFiles(snapshot);
    await onNewDatabase(index);
    await this.#publish(snapshot);
    // Again, for packages that came into the cache since the first call.
    await onNewDatabase(index);
    return { changed: true, snapshot, mirrors: [mirror], index };
  }

  async #dateFiles({ members: { db, files } }: Snapshot): Promise<void> {
    if (files === undefined) return;
    const { current, repository, store } = this.#options;
    const before = current?.members.files;
    await dateForClients(
      store.pathOf(repository, files.blob),
      timeOf(files.lastModified) ?? timeOf(db.lastModified) ?? 0,
      before === undefined ? null : store.pathOf(repository, before.blob),
    );
  }

  async #publish(snapshot: Snapshot): Promise<void> {
    const { repository, store, filesAskedAt } = this.#options;
    await store.publish(repository, { ...snapshot, filesAskedAt });
  }
}

/**
 * Sets the mtime of a database, which clients get as Last-Modified: the mirror's date, but later than
 * that of the database it replaces. pacman takes only a newer database than it has, and dates an
 * undated one by the clock, so one without a date or from a rollback cannot keep the mirror's.
 */
async function dateForClients(
  path: string,
  date: number,
  replacedPath: string | null,
): Promise<void> {
  const replaced = replacedPath === null ? null : await statIfPresent(replacedPath);
  const earliest = (replaced?.mtime?.getTime() ?? 0) + 1000;
  const modified = new Date(Math.max(date, earliest));
  await Deno.utime(path, modified, modified);
}
