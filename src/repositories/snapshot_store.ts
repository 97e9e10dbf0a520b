import { join } from "@std/path";
import type { Repository } from "./repository.ts";
import { removeIfPresent, statIfPresent, writeFileDurably } from "../platform/files/durable.ts";
import { sha256Of } from "../platform/files/file_digest.ts";
import type { Snapshot } from "./snapshot.ts";

/** Files of a set stay this long after its replacement, for clients that began with it, in ms. */
const AFTERLIFE = 10 * 60_000;
/** Names the members of the set being served; its temporary files begin with the same name. */
const POINTER = "current.json";

/** Where the snapshots of a repository lie. */
export interface SnapshotLayout {
  snapshotsOf(repository: Repository): string;
}

/**
 * The published snapshots on disk. A set is published by replacing the one small file that names
 * its members, so there is no moment, a crash included, at which a part of it shows.
 */
export class SnapshotStore {
  readonly #loading = new Map<string, Promise<void>>();
  readonly #current = new Map<string, Snapshot>();
  readonly #replaced = new Map<string, { blobs: string[]; until: number }[]>();

  /** `now` gives the milliseconds of a clock that only goes forward. */
  constructor(
    private readonly layout: SnapshotLayout,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The set being served, or null. */
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

  pathOf(repository: Repository, blob: string): string {
    return join(this.layout.snapshotsOf(repository), blob);
  }

  /** Puts a set, all of whose files are in place, in the stead of the one served so far. */
  async publish(repository: Repository, snapshot: Snapshot): Promise<void> {
    const { directory } = repository;
    await writeFileDurably(
      this.pathOf(repository, POINTER),
      JSON.stringify(snapshot, null, 2) + "\n",
    );
    const before = this.#current.get(directory);
    this.#current.set(directory, snapshot);
    this.#loading.set(directory, Promise.resolve());
    if (before === undefined) return;
    const replaced = this.#replaced.get(directory) ?? [];
    replaced.push({ blobs: blobsOf(before), until: this.now() + AFTERLIFE });
    this.#replaced.set(directory, replaced);
  }

  /** Drops what is known of a directory whose files are gone. */
  forget(directory: string): void {
    this.#loading.delete(directory);
    this.#current.delete(directory);
    this.#replaced.delete(directory);
  }

  /**
   * Removes the files of sets replaced a while ago and of those that were never published, but not
   * what `isInUse`, such as the files of a set in the making.
   */
  async prune(repository: Repository, isInUse: (blob: string) => boolean): Promise<void> {
    const { directory } = repository;
    const replaced = (this.#replaced.get(directory) ?? []).filter(({ until }) =>
      until > this.now()
    );
    this.#replaced.set(directory, replaced);
    await this.#sweep(repository, (name) =>
      isInUse(name) ||
      (this.#replaced.get(directory) ?? []).some(({ blobs }) => blobs.includes(name)));
  }

  async #load(repository: Repository): Promise<void> {
    const snapshot = await this.#read(repository);
    if (snapshot !== null) this.#current.set(repository.directory, snapshot);
    // Nothing is in the making yet, so what else there is was left by an earlier run.
    await this.#sweep(repository, () => false);
    await this.#eachFile(repository, async (path, name) => {
      if (name.startsWith(`${POINTER}.`)) await removeIfPresent(path);
    });
  }

  /** Removes what neither belongs to the served set nor is kept. */
  async #sweep(repository: Repository, isKept: (name: string) => boolean): Promise<void> {
    await this.#eachFile(repository, async (path, name) => {
      const current = this.#current.get(repository.directory);
      const isServed = current !== undefined && blobsOf(current).includes(name);
      if (isServed || name.startsWith(POINTER) || isKept(name)) return;
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
      const snapshot = JSON.parse(text) as Snapshot;
      for (const blob of [snapshot.members.db.blob, ...blobsOf(snapshot)]) {
        const info = await statIfPresent(this.pathOf(repository, blob));
        if (info === null || info.size === 0) return null;
      }
      const database = this.pathOf(repository, snapshot.members.db.blob);
      return await sha256Of(database) === snapshot.sha256 ? snapshot : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      // Damaged: the next refresh writes it anew.
      if (error instanceof SyntaxError || error instanceof TypeError) return null;
      throw error;
    }
  }
}

/** A new name for a set: the time in milliseconds, so that names sort by age, and a random tail. */
export function newGeneration(): string {
  return `${Date.now()}-${crypto.randomUUID().slice(0, 4)}`;
}

function blobsOf({ members }: Snapshot): string[] {
  return Object.values(members).map(({ blob }) => blob);
}
