import { join } from "@std/path";
import { reasonOf } from "../../errors.ts";
import { isSafeFileName } from "../../formats/pacman/package_file_name.ts";
import { lstatIfPresent } from "../../platform/files/durable.ts";
import { plainDirectory } from "../../platform/files/plain_directory.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { fileKey, type RepositoryFile } from "../../repositories/repository.ts";
import type { CacheIndex } from "./cache_index.ts";
import type { CacheLayout } from "./cache_layout.ts";
import type { Quarantine } from "./quarantine.ts";

const log = eventLogger("cache");

export interface CutFilesOptions {
  layout: CacheLayout;
  index: Pick<CacheIndex, "sizeOf" | "alsoWish">;
  quarantine: Pick<Quarantine, "setAside">;
  /** The downloads in flight, by the path of the file below the cache's root. */
  downloads: { get(path: string): object | null };
}

/**
 * Packages that a crash has truncated: they are shorter than recorded, and possibly no database
 * lists them. The first scan of a directory after startup sets them aside, which takes a while for
 * very many files; until then, each file is checked when it is requested.
 */
export class CutFiles {
  readonly #options: CutFilesOptions;
  readonly #searched = new Set<string>();

  constructor(options: CutFilesOptions) {
    this.#options = options;
  }

  /** Whether the files of a repository's directory have been checked since startup. */
  isSearched(directory: string): boolean {
    return this.#searched.has(directory);
  }

  markSearched(directory: string): void {
    this.#searched.add(directory);
  }

  /** To be called before a file is served. Sets it aside if it is truncated; never throws. */
  async makeWay({ kind, repository: { directory }, fileName }: RepositoryFile): Promise<void> {
    if (kind !== "package" || this.isSearched(directory)) return;
    try {
      await this.setAside(directory, fileName);
    } catch (error) {
      const file = fileKey(directory, fileName);
      log.error("cannot check a cached file", { file, reason: reasonOf(error) });
    }
  }

  /** Sets a file aside if its length differs from the recorded one. */
  async setAside(directory: string, fileName: string): Promise<void> {
    const { layout, index, quarantine, downloads } = this.#options;
    // Whatever a damaged index says, nothing outside the cache is touched.
    const path = isSafeFileName(fileName) ? await plainDirectory(layout.root, directory) : null;
    const info = path === null ? null : await lstatIfPresent(join(path, fileName));
    const size = index.sizeOf(directory, fileName);
    if (info === null || size === null || (info.isFile && info.size === size)) return;
    // A new file is recorded right after it has replaced another one.
    if (downloads.get(fileKey(directory, fileName)) !== null) return;
    const reason = `it has ${info.size} bytes, and ${size} were recorded`;
    if (!await quarantine.setAside(directory, fileName, reason)) return;
    // Whoever took it once will want it again.
    index.alsoWish(directory, fileName, Date.now());
  }
}
