import { Turns } from "../async/turns.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { canonicalAddress } from "../formats/network/ip_address.ts";
import { readIfPresent, writeFileDurably } from "../platform/files/durable.ts";

/** Far more than anyone names by hand. */
export const MAX_NAMES = 1_000;
/** In characters. */
const MAX_NAME_LENGTH = 64;

/** The names that people have given to clients, by address, in a JSON file of their own. */
export class ClientNames {
  readonly #path: string;
  readonly #changes = new Turns();
  #names: Promise<Map<string, string>> | null = null;

  /** The file at `path` is read on first use. */
  constructor(path: string) {
    this.#path = path;
  }

  /** All names by address. Throws `storage` if the file is damaged. */
  async all(): Promise<ReadonlyMap<string, string>> {
    return await this.#load();
  }

  /**
   * Names a client. Throws `conflict` if there are too many names or another client has this one,
   * and `storage` if the file cannot be read or written.
   */
  async set(address: string, name: string): Promise<void> {
    await this.#change((names) => {
      const [other] = [...names].find(([each, taken]) => taken === name && each !== address) ?? [];
      if (other !== undefined) {
        throw new PkgstashError(
          "conflict",
          `Cannot name ${address} ${name}: ${other} already has this name. Choose another one.`,
        );
      }
      if (names.size >= MAX_NAMES && !names.has(address)) {
        throw new PkgstashError(
          "conflict",
          `Cannot name ${address}: ${MAX_NAMES} clients have names. Remove one first.`,
        );
      }
      names.set(address, name);
    });
  }

  /** Removes a client's name; returns false if it had none. Throws like `set`. */
  async remove(address: string): Promise<boolean> {
    let isRemoved = false;
    await this.#change((names) => {
      isRemoved = names.delete(address);
    });
    return isRemoved;
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    await this.#changes.settled();
  }

  /** If the change cannot be written, it has no effect. */
  async #change(change: (names: Map<string, string>) => void): Promise<void> {
    await this.#changes.run(async () => {
      const changed = new Map(await this.#load());
      change(changed);
      const names = Object.fromEntries(changed);
      try {
        await writeFileDurably(this.#path, `${JSON.stringify({ version: 1, names }, null, 2)}\n`);
      } catch (error) {
        throw new PkgstashError(
          "storage",
          `Cannot write the names of clients to ${this.#path}: ${reasonOf(error)}. ` +
            "Check that this user may write there and that the disk is not full.",
          { cause: error },
        );
      }
      this.#names = Promise.resolve(changed);
    });
  }

  #load(): Promise<Map<string, string>> {
    this.#names ??= this.#read();
    // Try again next time: the file may have been repaired.
    this.#names.catch(() => this.#names = null);
    return this.#names;
  }

  async #read(): Promise<Map<string, string>> {
    const bytes = await readIfPresent(this.#path);
    if (bytes === null) return new Map();
    try {
      const { version, names } = JSON.parse(new TextDecoder().decode(bytes));
      if (version !== 1) throw new Error(`its version is ${version}`);
      const entries = Object.entries(names);
      for (const [address, name] of entries) {
        if (canonicalAddress(address) !== address) throw new Error(`${address} is not an address`);
        if (typeof name !== "string" || name.length > MAX_NAME_LENGTH) {
          throw new Error(`${JSON.stringify(name)} is not a valid name`);
        }
      }
      return new Map(entries as [string, string][]);
    } catch (error) {
      throw new PkgstashError(
        "storage",
        `Cannot read the names of clients from ${this.#path}: ${reasonOf(error)}. Repair the ` +
          "file, or move it away.",
        { cause: error },
      );
    }
  }
}
