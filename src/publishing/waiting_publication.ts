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

/** What is to be published once all of it is signed. */
export interface Draft {
  /** The generation that it replaces; 0 for none. A later one makes it void. */
  readonly base: number;
  readonly by: string;
  readonly action: string;
  readonly packages: readonly PublishedPackage[];
  readonly former: readonly PublishedPackage[];
  /** Its databases by name, such as `x86_64.db`. */
  readonly files: Readonly<Record<string, GenerationFile>>;
}

/** A file that needs an external signature. */
export interface WaitingFile {
  /** `x86_64.db`, or the file name of a package; its signature's name has `.sig` appended. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  readonly isSigned: boolean;
}

/**
 * The next generation of a repository with external signing. It stays in a directory of its own,
 * with its databases, until each file has a signature by a trusted key. A further change makes a
 * new draft with both changes, so the previous draft's databases need no signatures any more.
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

  /** Reads the draft for the generation after `lastNumber`, if there is one. */
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
        log.error("cannot read the change that awaits signatures", {
          directory,
          reason: reasonOf(error),
        });
      }
    }
    await this.#removeOthers();
  }

  /** Replaces the present draft, if any. `write` puts the databases into a directory. */
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

  /**
   * The databases, and the packages without a signature by a trusted key; empty without a draft.
   */
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
   * Accepts the signature of a file that awaits it.
   *
   * @throws PkgstashError `not_found` if the file does not await one, `content` if the signature is
   * invalid or not by a trusted key.
   */
  async sign(name: string, signature: Uint8Array): Promise<void> {
    const file = (await this.files()).find((each) => each.name === name);
    if (file === undefined) {
      throw new PkgstashError(
        "not_found",
        `Cannot take the signature of ${name}: it does not await one. List the files that do with ` +
          "pkgstash repo sign.",
      );
    }
    await this.#trusted.verifyTrusted(file.path, signature);
    await writeFileDurably(`${file.path}.sig`, signature);
  }

  /**
   * Links the databases and their signatures into the directory of a generation, and dates each
   * signature like its database, because pacman requests each with its own `If-Modified-Since`
   * (`lib/libalpm/dload.c`). Everything not in `published` is verified once more.
   *
   * @throws PkgstashError `conflict` if a signature has become invalid; it is removed.
   */
  async write(
    target: string,
    published: readonly PublishedPackage[],
  ): Promise<Record<string, GenerationFile>> {
    if (this.#current === null) throw new Error("Nothing awaits signatures");
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
        throw new PkgstashError("content", "it has changed");
      }
      await this.#trusted.verifyTrusted(path, await Deno.readFile(`${path}.sig`));
    } catch (error) {
      await removeIfPresent(`${path}.sig`);
      throw new PkgstashError(
        "conflict",
        `Cannot publish: the signature of ${path} is no longer valid (${reasonOf(error)}). ` +
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
      // A directory left by a crash in between is not a draft.
      await removeIfPresent(join(directory, DRAFT));
      await removeTreeIfPresent(directory);
    }
  }

  /** Sorted by number. */
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
