import { join } from "@std/path";
import { Turns } from "../../async/turns.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { readSyncDb } from "../../formats/pacman/sync_db.ts";
import { removeIfPresent, writeFileDurably } from "../../platform/files/durable.ts";
import { filesIfPresent, filesIn } from "../../platform/files/plain_directory.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { View } from "../../repositories/view.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";

const log = eventLogger("snapshot");

const DAY_MS = 24 * 3_600_000;
const RECORD = ".json";

/** A replaced snapshot, with the time: it was served at the end of a day. */
interface KeptSnapshot {
  readonly generation: string;
  readonly publishedAt: number;
  /** When another one was published in its place, in milliseconds since the epoch. */
  readonly replacedAt: number;
  readonly members: Snapshot["members"];
}

export interface KeptSnapshotsOptions {
  readonly layout: CacheLayout;
  readonly snapshots: {
    current(repository: Repository): Promise<Snapshot | null>;
    pathOf(repository: Repository, blob: string): string;
  };
  /** How many days of a repository are kept; 0 for none. */
  readonly daysOf: (repository: Repository) => number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * The databases of mirrored repositories as they were at the end of each day, for views. A snapshot
 * is kept if it is replaced on a later day than it was published, by hard links to its files; a
 * record of when it was served is written last. So no view can show anything that was not served at
 * that time, whatever was configured or went wrong meanwhile.
 */
export class KeptSnapshots {
  readonly #options: KeptSnapshotsOptions;
  readonly #now: () => number;
  readonly #turns = new Turns();
  readonly #records = new Map<string, Promise<readonly KeptSnapshot[]>>();
  readonly #names = new Map<
    string,
    { of: readonly KeptSnapshot[]; names: Promise<ReadonlySet<string>> }
  >();

  constructor(options: KeptSnapshotsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Keeps `before`, which `after` is about to replace, if a view may show it. Never throws. */
  async keep(repository: Repository, before: Snapshot, after: Snapshot): Promise<void> {
    const days = this.#options.daysOf(repository);
    const isSame = before.generation === after.generation;
    const endsDay = dayOf(before.publishedAt) < dayOf(after.publishedAt);
    if (days === 0 || isSame || !endsDay) return;
    const { directory } = repository;
    await this.#turns.run(async () => {
      const { generation, publishedAt, members } = before;
      const kept = { generation, publishedAt, replacedAt: after.publishedAt, members };
      await this.#link(repository, kept);
      await writeFileDurably(this.#pathOf(repository, `${generation}${RECORD}`), recordText(kept));
      this.#records.delete(directory);
      await this.#prune(repository, days);
    }).catch((error) =>
      log.error("cannot keep a database for views", {
        repository: directory,
        reason: reasonOf(error),
      })
    );
  }

  /**
   * The path of a member in a view; null if the view is of today, which shows the served snapshot.
   *
   * @throws PkgstashError `not_found` with the reason if nothing is kept from that time.
   */
  async find(
    repository: Repository,
    view: View,
    member: keyof Snapshot["members"],
  ): Promise<string | null> {
    const { snapshots, daysOf } = this.#options;
    const what = `Cannot show ${repository.name}@${view.text}:`;
    if (!("start" in view)) {
      throw notKept(
        `${what} only repositories of your own have numbered generations. Specify a day.`,
      );
    }
    if (view.start > this.#now()) throw notKept(`${what} that time is in the future.`);
    const days = daysOf(repository);
    if (days === 0) {
      throw notKept(
        `${what} no databases of ${repository.directory} are kept. Set keep_snapshots to the ` +
          "number of days to keep.",
      );
    }
    if (view.end > this.#now()) return null;
    const records = await this.#read(repository);
    const current = await snapshots.current(repository);
    const kept = records.find((each) => each.publishedAt < view.end && view.end <= each.replacedAt);
    const shown = kept ?? (current !== null && current.publishedAt < view.end ? current : null);
    if (shown === null) {
      throw notKept(
        `${what} nothing is kept from that time. The states of at most ${days} days are kept, ` +
          "starting when keep_snapshots was set.",
      );
    }
    const file = shown.members[member];
    if (file === undefined) {
      throw notKept(
        `${what} no mirror had ${member} of ${repository.directory} along with the database.`,
      );
    }
    return kept === undefined
      ? snapshots.pathOf(repository, file.blob)
      : this.#pathOf(repository, file.blob);
  }

  /** The file names of all packages listed in any kept database. Reads them on the first call. */
  async fileNames(repository: Repository): Promise<ReadonlySet<string>> {
    const of = await this.#read(repository);
    const known = this.#names.get(repository.directory);
    if (known?.of === of) return await known.names;
    const names = this.#namesIn(repository, of);
    this.#names.set(repository.directory, { of, names });
    names.catch(() => this.#names.delete(repository.directory));
    return await names;
  }

  /** Resolves when nothing is being kept. */
  async settled(): Promise<void> {
    await this.#turns.settled();
  }

  #pathOf(repository: Repository, name: string): string {
    return join(this.#options.layout.keptOf(repository), name);
  }

  /** The records, earliest first. */
  #read(repository: Repository): Promise<readonly KeptSnapshot[]> {
    const { directory } = repository;
    let reading = this.#records.get(directory);
    if (reading === undefined) {
      reading = this.#load(repository);
      this.#records.set(directory, reading);
      reading.catch(() => this.#records.delete(directory));
    }
    return reading;
  }

  async #load(repository: Repository): Promise<readonly KeptSnapshot[]> {
    const directory = this.#pathOf(repository, "");
    const kept: KeptSnapshot[] = [];
    for (const { name } of await filesIfPresent(directory)) {
      if (!name.endsWith(RECORD)) continue;
      const path = join(directory, name);
      try {
        kept.push(JSON.parse(await Deno.readTextFile(path)));
      } catch (error) {
        log.error("cannot read a kept database", { path, reason: reasonOf(error) });
      }
    }
    return kept.sort((one, other) => one.generation < other.generation ? -1 : 1);
  }

  async #link(repository: Repository, { members }: KeptSnapshot): Promise<void> {
    const { snapshots } = this.#options;
    await Deno.mkdir(this.#pathOf(repository, ""), { recursive: true });
    for (const { blob } of Object.values(members)) {
      const path = this.#pathOf(repository, blob);
      await removeIfPresent(path);
      await Deno.link(snapshots.pathOf(repository, blob), path);
    }
  }

  /** Removes what was replaced before the days to be kept, and files without a record. */
  async #prune(repository: Repository, days: number): Promise<void> {
    const oldest = this.#now() - days * DAY_MS;
    const wanted = new Set<string>();
    for (const { generation, replacedAt, members } of await this.#read(repository)) {
      if (replacedAt < oldest) continue;
      wanted.add(`${generation}${RECORD}`);
      for (const { blob } of Object.values(members)) wanted.add(blob);
    }
    const directory = this.#pathOf(repository, "");
    const surplus = (await filesIn(directory)).filter(({ name }) => !wanted.has(name));
    // Records first: the files that they name must exist as long as they do.
    surplus.sort((one, other) => Number(isRecord(other.name)) - Number(isRecord(one.name)));
    for (const { name } of surplus) await removeIfPresent(join(directory, name));
    this.#records.delete(repository.directory);
  }

  async #namesIn(
    repository: Repository,
    kept: readonly KeptSnapshot[],
  ): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    for (const { members } of kept) {
      using file = await Deno.open(this.#pathOf(repository, members.db.blob));
      const { packages } = await readSyncDb(file.readable);
      for (const { fileName } of packages ?? []) names.add(fileName);
    }
    return names;
  }
}

function recordText(kept: KeptSnapshot): string {
  return `${JSON.stringify(kept, null, 2)}\n`;
}

function isRecord(name: string): boolean {
  return name.endsWith(RECORD);
}

/** Days since the epoch, in UTC. */
function dayOf(milliseconds: number): number {
  return Math.floor(milliseconds / DAY_MS);
}

function notKept(message: string): PkgstashError {
  return new PkgstashError("not_found", message);
}
