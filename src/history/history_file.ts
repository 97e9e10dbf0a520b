import type { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import { reasonOf } from "../errors.ts";
import {
  isDamage,
  openDatabase,
  openInMemory,
  removeJournal,
  setAside,
} from "../platform/database/database.ts";
import { copyInSlices } from "../platform/database/sliced_copy.ts";
import { statIfPresent } from "../platform/files/durable.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { MIGRATIONS } from "./history_schema.ts";

const log = eventLogger("history");

/**
 * The database of the history. A damaged file is set aside, a removed one is recreated from the
 * still open database, and one put in its place is opened. It is in the state directory, because
 * the cache may be removed and the past cannot be fetched again.
 */
export class HistoryFile {
  readonly #stateRoot: () => string;
  #database: DatabaseSync | null = null;
  /** Inode of the open file, to notice when it is removed or replaced; null while in memory. */
  #inode: number | null = null;
  #failure: string | null = null;

  /** `stateRoot` is called for each use, because a reload may change it. */
  constructor(stateRoot: () => string) {
    this.#stateRoot = stateRoot;
  }

  get isOpen(): boolean {
    return this.#database !== null;
  }

  /** The open database, which `follow` and `heal` may replace. Throws if none is open. */
  get database(): DatabaseSync {
    if (this.#database === null) throw new Error("the history is not open");
    return this.#database;
  }

  /** Opens the file, or a database in memory if that fails. Does not look for damage. */
  async open(): Promise<void> {
    const path = this.#path;
    this.#inode = null;
    try {
      this.#database = await openDatabase(path, MIGRATIONS, { isChecked: false });
      this.#inode = (await Deno.stat(path)).ino;
    } catch (error) {
      log.error("keeping the history in memory until the next start", { reason: reasonOf(error) });
      this.#database ??= openInMemory(MIGRATIONS);
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = null;
  }

  /**
   * If `error` means damage and `damaged` is still the open database, sets its file aside and
   * starts a new one. Returns whether it did.
   */
  async heal(damaged: DatabaseSync, error: unknown): Promise<boolean> {
    if (this.#database !== damaged || !isDamage(error) || this.#inode === null) return false;
    this.close();
    await setAside(this.#path, error).catch((failure) =>
      log.error("cannot set the damaged history aside", { reason: reasonOf(failure) })
    );
    await this.open();
    return true;
  }

  /** Recreates the file if it was removed, or opens the one that has replaced it. */
  async follow(): Promise<void> {
    if (this.#inode === null) return;
    const path = this.#path;
    const found = await statIfPresent(path);
    if (found?.ino === this.#inode) return;
    try {
      if (found === null) {
        await copyInSlices(this.database, path, MIGRATIONS);
        log.warn("the history file was removed and has been recreated", { path });
      } else {
        log.warn("the history file was replaced; using the new one", { path });
      }
    } catch (error) {
      this.#report(reasonOf(error));
      return;
    }
    this.#failure = null;
    this.close();
    await removeJournal(path);
    await this.open();
  }

  get #path(): string {
    return join(this.#stateRoot(), "history.sqlite");
  }

  /** Logs each new reason once, not every minute. */
  #report(reason: string): void {
    if (reason === this.#failure) return;
    this.#failure = reason;
    log.error("cannot recreate the removed history file", { reason });
  }
}
