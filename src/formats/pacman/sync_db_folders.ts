import { type PackageDesc, type PackageRelations, RELATION_FIELDS } from "./desc.ts";
import { PkgstashError } from "../../errors.ts";
import { isSafeFileName } from "./package_file_name.ts";

/** One package of a sync database: its `desc`, merged with the other files of its folder. */
export interface SyncDbPackage extends PackageDesc {
  /** The paths it installs, if requested; folders end with a slash. */
  files?: string[];
}

interface Parts {
  desc?: PackageDesc;
  depends?: PackageRelations;
  files?: string[];
  /** Total size of the files that these came from. */
  bytes: number;
}

/** Beyond this many bytes of their files, the oldest packages are no longer held back. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/**
 * Databases with separate `depends` files keep only `replaces` in `desc`, so any of these in a
 * `desc` proves that there will be no `depends`.
 */
const MODERN_RELATIONS = [...RELATION_FIELDS.values()]
  .map(([property]) => property as keyof PackageRelations)
  .filter((property) => property !== "replaces");

/** Assembles packages from the files of their folders, and decides when a package is complete. */
export class SyncDbFolders {
  readonly #held = new Map<string, Parts>();
  readonly #yielded = new Set<string>();
  readonly #options: { readonly files: boolean; readonly maxEntries: number };
  #heldBytes = 0;
  #current: string | undefined;

  /** With `files`, a package is complete only with its list of files. */
  constructor(options: { files: boolean; maxEntries: number }) {
    this.#options = options;
  }

  /** Enters a folder; yields the package of the previous one if no part of it can be missing. */
  *enter(folder: string): Generator<SyncDbPackage> {
    const previous = this.#current;
    if (previous === folder) return;
    this.#current = folder;
    const parts = previous === undefined ? undefined : this.#held.get(previous);
    if (previous !== undefined && parts !== undefined && this.#isComplete(parts)) {
      yield this.#complete(previous, parts);
    }
    for (const [oldest, held] of this.#held) {
      if (this.#heldBytes <= MAX_HELD_BYTES) break;
      yield this.#complete(oldest, held);
    }
  }

  /** Adds the `desc` of a folder, a file of `bytes` bytes. */
  addDesc(folder: string, desc: PackageDesc, bytes: number): void {
    if (`${desc.name}-${desc.version}` !== folder) {
      throw new PkgstashError(
        "content",
        `the folder ${JSON.stringify(folder)} holds the package ${
          JSON.stringify(`${desc.name}-${desc.version}`)
        }`,
      );
    }
    this.#partsOf(folder, "desc", bytes).desc = desc;
  }

  /** Adds the `depends` of a folder, a file of `bytes` bytes. */
  addDepends(folder: string, depends: PackageRelations, bytes: number): void {
    this.#partsOf(folder, "depends", bytes).depends = depends;
  }

  /** Adds the `files` of a folder, a file of `bytes` bytes. */
  addFiles(folder: string, files: string[], bytes: number): void {
    this.#partsOf(folder, "files", bytes).files = files;
  }

  /** Yields the packages that were held back, at the end of the archive. */
  *finish(): Generator<SyncDbPackage> {
    for (const [folder, parts] of this.#held) yield this.#complete(folder, parts);
  }

  #isComplete({ desc, depends, files }: Parts): boolean {
    if (desc === undefined) return false;
    if (this.#options.files && files === undefined) return false;
    return depends !== undefined || MODERN_RELATIONS.some((property) => property in desc);
  }

  #partsOf(folder: string, part: "desc" | "depends" | "files", bytes: number): Parts {
    const known = this.#held.get(folder);
    const parts = known ?? { bytes: 0 };
    if (this.#yielded.has(folder) || part in parts) {
      throw new PkgstashError(
        "content",
        "its folder has this file twice, or its files are too far apart",
      );
    }
    if (known === undefined) {
      if (this.#held.size + this.#yielded.size >= this.#options.maxEntries) {
        throw new PkgstashError(
          "content",
          `the database has more than ${this.#options.maxEntries} packages`,
        );
      }
      this.#held.set(folder, parts);
    }
    parts.bytes += bytes;
    this.#heldBytes += bytes;
    return parts;
  }

  #complete(folder: string, { desc, depends, files, bytes }: Parts): SyncDbPackage {
    if (desc === undefined) {
      throw new PkgstashError(
        "content",
        `Cannot read the sync database: the folder ${JSON.stringify(folder)} has no desc.`,
      );
    }
    this.#held.delete(folder);
    this.#yielded.add(folder);
    this.#heldBytes -= bytes;
    const result: SyncDbPackage = { ...desc };
    for (const [property, values] of Object.entries(depends ?? {})) {
      const relation = property as keyof PackageRelations;
      result[relation] = [...(result[relation] ?? []), ...values];
    }
    if (files !== undefined) result.files = files;
    return result;
  }
}

/** The path of a member of a sync database. */
export interface SyncDbPath {
  /** The package's folder, `name-version`. */
  folder: string;
  /** `desc`, `depends`, `files` or another name; absent for the folder itself. */
  file?: string;
}

/**
 * Splits the path of a member of a sync database, `name-version/` or `name-version/file`.
 *
 * Source: `load_pkg_for_entry` in pacman's lib/libalpm/be_sync.c.
 * @throws {PkgstashError} of kind "content" for every other path: absolute ones, those with `.` or
 * `..`, and files outside of a package's folder or too deep in it.
 */
export function parseSyncDbPath(path: string, type: "file" | "directory"): SyncDbPath {
  const trimmed = type === "directory" && path.endsWith("/") ? path.slice(0, -1) : path;
  const segments = trimmed.split("/");
  if (!segments.every(isSafeFileName)) {
    throw refusal(path, "paths that are absolute or contain dot files or control characters");
  }
  const [folder, file, ...deeper] = segments;
  if (folder !== undefined && deeper.length === 0) {
    if (type === "directory" && file === undefined) return { folder };
    if (type === "file" && file !== undefined) return { folder, file };
  }
  if (file === undefined) throw refusal(path, "files outside of a package's folder");
  throw refusal(path, "folders inside of a package's folder");
}

function refusal(path: string, what: string): PkgstashError {
  const shown = JSON.stringify(path.length > 300 ? `${path.slice(0, 300)}...` : path);
  return new PkgstashError(
    "content",
    `Cannot read the sync database at ${shown}: ${what} are refused. ` +
      "Package folders must be at the top of the archive.",
  );
}
