import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { type PackageIndex, readPackageIndex } from "../../repositories/package_index.ts";

const log = eventLogger("snapshot");

/** What the served database of one repository says, read once on demand. */
export class ServedIndex {
  readonly #pathOf: () => Promise<string | null>;
  #reading: Promise<PackageIndex | null> | null = null;
  #known: PackageIndex | null = null;
  /** Whether it belongs to a database that is not published yet. */
  #isAnnounced = false;
  /** Whether there was no database; one published since has been announced. */
  #isNone = false;

  /** `pathOf` returns the path of the served database; null if there is none. */
  constructor(pathOf: () => Promise<string | null>) {
    this.#pathOf = pathOf;
  }

  /** The index if it has been read; null otherwise, or without a readable database. */
  get known(): PackageIndex | null {
    return this.#known;
  }

  /** Whether `read` would read a database that nobody is reading yet. */
  get isUnread(): boolean {
    return this.#reading === null && !this.#isNone;
  }

  /** The index; null without a readable database. */
  async read(): Promise<PackageIndex | null> {
    if (this.#reading === null) {
      const path = await this.#pathOf();
      if (path === null) {
        this.#isNone = this.#reading === null;
        return null;
      }
      this.#reading ??= this.#readAt(path);
    }
    const reading = this.#reading;
    const index = await reading;
    // Another database may have replaced it by now.
    if (reading === this.#reading) this.#known = index;
    return index;
  }

  /**
   * Describes a database about to be published, against which downloads are checked from now on.
   */
  announce(index: PackageIndex): void {
    this.#reading = Promise.resolve(index);
    this.#known = index;
    this.#isAnnounced = true;
    this.#isNone = false;
  }

  /** Records that the announced database, if any, is published. */
  confirm(): void {
    this.#isAnnounced = false;
  }

  /** Forgets an announced database that is not published; the served one stays known. */
  retract(): void {
    if (this.#isAnnounced) this.forget();
  }

  /** Forgets what was read. */
  forget(): void {
    this.#reading = this.#known = null;
    this.#isAnnounced = this.#isNone = false;
  }

  async #readAt(path: string): Promise<PackageIndex | null> {
    try {
      return await readPackageIndex(path);
    } catch (error) {
      log.error("cannot read the served database", { path, reason: reasonOf(error) });
      return null;
    }
  }
}
