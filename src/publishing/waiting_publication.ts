import { join } from "@std/path";
import { PkgstashError, reasonOf } from "../errors.ts";
import {
  removeIfPresent,
  removeTreeIfPresent,
  renameDurably,
  statIfPresent,
  writeFileDurably,
} from "../platform/files/durable.ts";
import { sha256Of } from "../platform/files/file_digest.ts";
import { directoriesIfPresent } from "../platform/files/plain_directory.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import type { GenerationFile } from "./generation.ts";
import { describeFile } from "./generation_store.ts";
import type { PackageStore } from "./package_store.ts";
import type { PublishedPackage } from "./published_package.ts";
import type { TrustedSignatures } from "./signing/signer.ts";
import type { RepositoryLayout } from "./state_layout.ts";

const log = eventLogger("publishing");

const DRAFT = "draft.json";

/** What is published once all of it is signed. */
export interface Draft {
  /** The generation that it replaces; 0 for none. It is void once there is a later one. */
  readonly base: number;
  readonly by: string;
  readonly action: string;
  readonly packages: readonly PublishedPackage[];
  readonly former: readonly PublishedPackage[];
  /** Its databases by their names, such as `x86_64.db`. */
  readonly files: Readonly<Record<string, GenerationFile>>;
}

/** A file that a signer elsewhere has to sign. */
export interface WaitingFile {
  /** `x86_64.db`, or the file name of a package; that of its signature has `.sig` after it. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  readonly isSigned: boolean;
}

/**
 * The next generation of a repository whose signatures are made elsewhere. It waits in a directory of
 * its own, with its databases, until each file has a signature by a trusted key. A further change
 * makes a new draft that has both, so the databases of the one before need not be signed any more.
 */
export class WaitingPublication {
  readonly #layout: RepositoryLayout;
  readonly #packages: PackageStore;
  readonly #trusted: TrustedSignatures;
  #current: { readonly directory: string; readonly draft: Draft } | null = null;

  constructor({ layout, packages, trusted }: {
    layout: RepositoryLayout;
    packages: PackageStore;
    trusted: TrustedSignatures;
  }) {
    this.#layout = layout;
    this.#packages = packages;
    this.#trusted = trusted;
  }

  get draft(): Draft | null {
    return this.#current?.draft ?? null;
  }

  /** Reads the draft that waits, if there is one for the generation after `lastNumber`. */
  async load(lastNumber: number): Promise<void> {
    this.#current = null;
    for (const directory of (await this.#directories()).toReversed()) {
      if (await statIfPresent(join(directory, DRAFT)) === null) continue;
      try {
        const draft: Draft = JSON.parse(await Deno.readTextFile(join(directory, DRAFT)));
        if (draft.base !== lastNumber) continue;
        this.#current = { directory, draft };
        break;
      } catch (error) {
        log.error("cannot read what waits for signatures", { directory, reason: reasonOf(error) });
      }
    }
    await this.#removeOthers();
  }

  /** Puts a draft in place of the present one. `write` puts its databases into a directory. */
  async replace(
    draft: Omit<Draft, "files">,
    write: (directory: string) => Promise<Record<string, GenerationFile>>,
  ): Promise<void> {
    const staged = join(this.#layout.staging, "waiting");
    await removeTreeIfPresent(staged);
    await Deno.mkdir(staged, { recursive: true });
    const whole: Draft = { ...draft, files: await write(staged) };
    await writeFileDurably(join(staged, DRAFT), JSON.stringify(whole));
    const last = (await this.#directories()).at(-1);
    const directory = this.#layout.waitingDraft(last === undefined ? 1 : numberOf(last) + 1);
    await renameDurably(staged, directory);
    this.#current = { directory, draft: whole };
    await this.#removeOthers();
  }

  async drop(): Promise<void> {
    this.#current = null;
    await this.#removeOthers();
  }

  /** The databases, and the packages without a signature of a trusted key; none without a draft. */
  async files(): Promise<WaitingFile[]> {
    if (this.#current === null) return [];
    const { directory, draft } = this.#current;
    const found: WaitingFile[] = [];
    for (const [name, { size, sha256 }] of Object.entries(draft.files)) {
      const path = join(directory, name);
      found.push({ name, path, size, sha256, isSigned: await this.#isSigned(path) });
    }
    for (const each of draft.packages) {
      const path = this.#packages.pathOf(each);
      if (await this.#isSigned(path)) continue;
      const { fileName: name, size, sha256 } = each;
      found.push({ name, path, size, sha256, isSigned: false });
    }
    return found;
  }

  /**
   * Takes the signature of a file that waits.
   *
   * @throws PkgstashError `not_found` if the file does not wait, `content` if the signature is not
   * good or not by a trusted key.
   */
  async sign(name: string, signature: Uint8Array): Promise<void> {
    const file = (await this.files()).find((each) => each.name === name);
    if (file === undefined) {
      throw new PkgstashError(
        "not_found",
        `Cannot take the signature of ${name}: it does not wait for one. List what does with ` +
          "pkgstash repo sign.",
      );
    }
    await this.#trusted.verifyTrusted(file.path, signature);
    await writeFileDurably(`${file.path}.sig`, signature);
  }

  /**
   * Links the databases and their signatures into the directory of a generation, and gives a
   * signature the date of its database: pacman asks for each by `If-Modified-Since` (`lib/libalpm/
   * dload.c`). Everything that is not in `published` is verified once more.
   *
   * @throws PkgstashError `conflict` if a signature is not good any more; it is removed.
   */
  async write(
    target: string,
    published: readonly PublishedPackage[],
  ): Promise<Record<string, GenerationFile>> {
    if (this.#current === null) throw new Error("Nothing waits for signatures");
    const { directory, draft } = this.#current;
    const known = new Set(published.map(({ sha256 }) => sha256));
    for (const each of draft.packages) {
      if (!known.has(each.sha256)) await this.#verify(this.#packages.pathOf(each), each.sha256);
    }
    const written: Record<string, GenerationFile> = {};
    for (const [name, { sha256 }] of Object.entries(draft.files)) {
      await this.#verify(join(directory, name), sha256);
      const { mtime } = await Deno.stat(join(directory, name));
      await Deno.utime(join(directory, `${name}.sig`), mtime!, mtime!);
      for (const file of [name, `${name}.sig`]) {
        await Deno.link(join(directory, file), join(target, file));
        written[file] = await describeFile(join(target, file));
      }
    }
    return written;
  }

  async #verify(path: string, sha256: string): Promise<void> {
    try {
      if (await sha256Of(path) !== sha256) {
        throw new PkgstashError("content", "it has other bytes than it had");
      }
      await this.#trusted.verifyTrusted(path, await Deno.readFile(`${path}.sig`));
    } catch (error) {
      await removeIfPresent(`${path}.sig`);
      throw new PkgstashError(
        "conflict",
        `Cannot publish: the signature of ${path} is not good any more (${reasonOf(error)}). ` +
          "Sign it again.",
        { cause: error },
      );
    }
  }

  async #isSigned(path: string): Promise<boolean> {
    if (await statIfPresent(`${path}.sig`) === null) return false;
    return await this.#trusted.isByTrusted(await Deno.readFile(`${path}.sig`));
  }

  async #removeOthers(): Promise<void> {
    for (const directory of await this.#directories()) {
      if (directory === this.#current?.directory) continue;
      // What is left after a crash in between is no draft.
      await removeIfPresent(join(directory, DRAFT));
      await removeTreeIfPresent(directory);
    }
  }

  /** In the order of their numbers. */
  async #directories(): Promise<string[]> {
    const { waiting } = this.#layout;
    return (await directoriesIfPresent(waiting)).map((name) => join(waiting, name))
      .filter((path) => Number.isSafeInteger(numberOf(path)))
      .sort((one, other) => numberOf(one) - numberOf(other));
  }
}

function numberOf(directory: string): number {
  return Number(directory.slice(directory.lastIndexOf("/") + 1));
}
