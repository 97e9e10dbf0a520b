import type { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import { reasonOf } from "../errors.ts";
import { isDamage, openDatabase, removeJournal, setAside } from "../platform/database/database.ts";
import { copyInSlices } from "../platform/database/sliced_copy.ts";
import { statIfPresent } from "../platform/files/durable.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { MIGRATIONS } from "./history_schema.ts";

const log = eventLogger("history");

/**
 * The database of the history, which outlives its file: a damaged one is set aside, one that was
 * removed is written anew from what SQLite still holds, and one that was put in its place is opened.
 * It is in the state directory and not in the cache, which may be removed: what was in the past
 * cannot be fetched again.
 */
export class HistoryFile {
  readonly #stateRoot: () => string;
  #database: DatabaseSync | null = null;
  /** Of the open file, so that another one of its name is noticed; null if it is in memory. */
  #inode: number | null = null;
  #failure: string | null = null;

  /** `stateRoot` is called at each use. */
  constructor(stateRoot: () => string) {
    this.#stateRoot = stateRoot;
  }

  get isOpen(): boolean {
    return this.#database !== null;
  }

  /** The one that is open now, which `follow` and `heal` replace. */
  get database(): DatabaseSync {
    if (this.#database === null) throw new Error("the history is not open");
    return this.#database;
  }

  /** Opens it, in memory if the disk does not take it. Damage may be found only later. */
  async open(): Promise<void> {
    const path = this.#path;
    this.#inode = null;
    try {
      this.#database = await openDatabase(path, MIGRATIONS, { isChecked: false });
      this.#inode = (await Deno.stat(path)).ino;
    } catch (error) {
      log.error("keeping the history in memory until the next start", { reason: reasonOf(error) });
      this.#database ??= await openDatabase(":memory:", MIGRATIONS);
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = null;
  }

  /**
   * If an error is that of `damaged`, and that is still the open one, sets it aside and begins a new
   * one; returns whether it did.
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

  /** Looks whether the file is still there, and if not, sees to it. */
  async follow(): Promise<void> {
    if (this.#inode === null) return;
    const path = this.#path;
    const found = await statIfPresent(path);
    if (found?.ino === this.#inode) return;
    try {
      if (found === null) {
        await copyInSlices(this.database, path, MIGRATIONS);
        log.warn("the history was removed and has been written anew", { path });
      } else {
        log.warn("the history was replaced by another file, which is used now", { path });
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

  /** Once for each new reason, not every minute. */
  #report(reason: string): void {
    if (reason === this.#failure) return;
    this.#failure = reason;
    log.error("cannot write the history anew, which was removed", { reason });
  }
}
