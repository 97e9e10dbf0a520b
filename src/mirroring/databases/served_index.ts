import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { type PackageIndex, readPackageIndex } from "../../repositories/package_index.ts";

const log = eventLogger("snapshot");

/** What the served database of one repository says: read once, when it is asked for. */
export class ServedIndex {
  readonly #pathOf: () => Promise<string | null>;
  #reading: Promise<PackageIndex | null> | null = null;
  #known: PackageIndex | null = null;
  /** Whether it is that of a database which is not published yet. */
  #isAnnounced = false;
  /** Whether there was no database; one that is published since has been announced. */
  #isNone = false;

  /** `pathOf` returns the path of the served database; null if there is none. */
  constructor(pathOf: () => Promise<string | null>) {
    this.#pathOf = pathOf;
  }

  /** The index if it has been read; null if not, or without a readable database. */
  get known(): PackageIndex | null {
    return this.#known;
  }

  /** Whether `read` would read a database that nobody reads yet. */
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
    // Another database may have taken its place by now.
    if (reading === this.#reading) this.#known = index;
    return index;
  }

  /** Describes a database that is about to be published, for which downloads are checked from now on. */
  announce(index: PackageIndex): void {
    this.#reading = Promise.resolve(index);
    this.#known = index;
    this.#isAnnounced = true;
    this.#isNone = false;
  }

  /** Records that the database that was announced, if any, is published. */
  confirm(): void {
    this.#isAnnounced = false;
  }

  /** Forgets a database that was announced and is not published; what is served stays known. */
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
