import { join } from "@std/path";
import type { Repository } from "./repository.ts";
import { removeIfPresent, statIfPresent, writeFileDurably } from "../platform/files/durable.ts";
import { sha256Of } from "../platform/files/file_digest.ts";
import { isAhead } from "./database_date.ts";
import { type Snapshot, SNAPSHOT_DEFAULTS } from "./snapshot.ts";

/** How long the files of a replaced snapshot are kept for clients that have begun to read it. */
const KEEP_REPLACED_MS = 10 * 60_000;
/** Holds the published `Snapshot`. The names of its temporary files begin with this name. */
const POINTER = "current.json";

/** Where snapshots are stored. */
export interface SnapshotLayout {
  /** The directory for a repository's snapshots, and for nothing else. */
  snapshotsOf(repository: Repository): string;
}

type OnReplace = (repository: Repository, before: Snapshot, after: Snapshot) => Promise<void>;

/**
 * The published snapshots on disk, one per repository. Publishing replaces the one small file that
 * lists the members, so a snapshot is never visible in part, even after a crash.
 */
export class SnapshotStore {
  readonly #loading = new Map<string, Promise<void>>();
  readonly #current = new Map<string, Snapshot>();
  readonly #replaced = new Map<string, { blobs: string[]; until: number }[]>();
  readonly #onReplace: OnReplace;
  readonly #layout: SnapshotLayout;
  readonly #now: () => number;

  /**
   * `now` returns milliseconds of a monotonic clock. `onReplace` is called right before a snapshot
   * replaces another one.
   */
  constructor(
    layout: SnapshotLayout,
    now: () => number = () => performance.now(),
    onReplace: OnReplace = () => Promise.resolve(),
  ) {
    this.#layout = layout;
    this.#now = now;
    this.#onReplace = onReplace;
  }

  /** The published snapshot, or null. The first call for a repository reads and verifies it. */
  async current(repository: Repository): Promise<Snapshot | null> {
    const { directory } = repository;
    let loading = this.#loading.get(directory);
    if (loading === undefined) {
      loading = this.#load(repository);
      this.#loading.set(directory, loading);
      loading.catch(() => this.#loading.delete(directory));
    }
    await loading;
    return this.#current.get(directory) ?? null;
  }

  /** Like `current`, but synchronous: also null until it has been read. */
  knownCurrent({ directory }: Repository): Snapshot | null {
    return this.#current.get(directory) ?? null;
  }

  /** The path of a file in the repository's snapshot directory. */
  pathOf(repository: Repository, blob: string): string {
    return join(this.#layout.snapshotsOf(repository), blob);
  }

  /** Publishes a snapshot in place of the current one; all of its files must be on disk. */
  async publish(repository: Repository, snapshot: Snapshot): Promise<void> {
    const { directory } = repository;
    const before = this.#current.get(directory);
    if (before !== undefined) await this.#onReplace(repository, before, snapshot);
    await writeFileDurably(
      this.pathOf(repository, POINTER),
      JSON.stringify(snapshot, null, 2) + "\n",
    );
    this.#current.set(directory, snapshot);
    this.#loading.set(directory, Promise.resolve());
    if (before === undefined) return;
    const replaced = this.#replaced.get(directory) ?? [];
    replaced.push({ blobs: blobsOf(before), until: this.#now() + KEEP_REPLACED_MS });
    this.#replaced.set(directory, replaced);
  }

  /** Forgets a repository whose files have been removed. */
  forget(directory: string): void {
    this.#loading.delete(directory);
    this.#current.delete(directory);
    this.#replaced.delete(directory);
  }

  /**
   * Removes the files of snapshots that were replaced a while ago or never published, except those
   * in use, such as the files of a snapshot in progress.
   */
  async prune(repository: Repository, isInUse: (blob: string) => boolean): Promise<void> {
    const { directory } = repository;
    const replaced = (this.#replaced.get(directory) ?? []).filter(({ until }) =>
      until > this.#now()
    );
    this.#replaced.set(directory, replaced);
    await this.#sweep(repository, (name) =>
      isInUse(name) ||
      (this.#replaced.get(directory) ?? []).some(({ blobs }) => blobs.includes(name)));
  }

  /** Whether the files of a snapshot exist, and its database has the published content. */
  async isIntact(repository: Repository, snapshot: Snapshot): Promise<boolean> {
    for (const blob of [snapshot.members.db.blob, ...blobsOf(snapshot)]) {
      const info = await statIfPresent(this.pathOf(repository, blob));
      if (info === null || info.size === 0) return false;
    }
    const database = this.pathOf(repository, snapshot.members.db.blob);
    return await sha256Of(database) === snapshot.sha256;
  }

  async #load(repository: Repository): Promise<void> {
    const snapshot = await this.#read(repository);
    if (snapshot !== null) {
      await this.#correctDates(repository, snapshot);
      this.#current.set(repository.directory, snapshot);
    }
    // No snapshot is in progress yet, so all other files are left over from an earlier run.
    await this.#sweep(repository, () => false);
    await this.#eachFile(repository, async (path, name) => {
      if (name.startsWith(`${POINTER}.`)) await removeIfPresent(path);
    });
  }

  /** Resets dates in the future: a client that gets one accepts no update until then. */
  async #correctDates(repository: Repository, { members }: Snapshot): Promise<void> {
    const now = Date.now();
    for (const { blob } of [members.db, members.files].filter((member) => member !== undefined)) {
      const path = this.pathOf(repository, blob);
      const modified = (await statIfPresent(path))?.mtime?.getTime() ?? 0;
      if (isAhead(modified, now)) {
        await Deno.utime(path, now / 1000, now / 1000);
      }
    }
  }

  /** Removes all files that neither belong to the current snapshot nor are to be kept. */
  async #sweep(repository: Repository, isKept: (name: string) => boolean): Promise<void> {
    await this.#eachFile(repository, async (path, name) => {
      const current = this.#current.get(repository.directory);
      const isCurrent = current !== undefined && blobsOf(current).includes(name);
      if (isCurrent || name.startsWith(POINTER) || isKept(name)) return;
      await removeIfPresent(path);
    });
  }

  async #eachFile(
    repository: Repository,
    visit: (path: string, name: string) => Promise<void>,
  ): Promise<void> {
    const directory = this.pathOf(repository, "");
    if (await statIfPresent(directory) === null) return;
    for await (const { name, isFile } of Deno.readDir(directory)) {
      if (isFile) await visit(join(directory, name), name);
    }
  }

  async #read(repository: Repository): Promise<Snapshot | null> {
    try {
      const text = await Deno.readTextFile(this.pathOf(repository, POINTER));
      const snapshot: Snapshot = { ...SNAPSHOT_DEFAULTS, ...JSON.parse(text) };
      return await this.isIntact(repository, snapshot) ? snapshot : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      // Damaged; the next snapshot that is published replaces it.
      if (error instanceof SyntaxError || error instanceof TypeError) return null;
      throw error;
    }
  }
}

/** A new name for a snapshot: the time, so that names sort by age, and random digits. */
export function newGeneration(): string {
  return `${Date.now()}-${crypto.randomUUID().slice(0, 4)}`;
}

function blobsOf({ members }: Snapshot): string[] {
  return Object.values(members).map(({ blob }) => blob);
}
