import { type PackageDesc, type PackageRelations, RELATION_FIELDS } from "./desc.ts";
import { PkgstashError } from "../../errors.ts";
import { isSafeFileName } from "./package_file_name.ts";

/** One package of a sync database, with what the database has in further files beside `desc`. */
export interface SyncDbPackage extends PackageDesc {
  /** The paths it installs, from `files`; folders end in a slash. Only when asked for. */
  files?: string[];
}

interface Parts {
  desc?: PackageDesc;
  depends?: PackageRelations;
  files?: string[];
  /** Bytes of the files these came from. */
  bytes: number;
}

/** How much may be held back, in bytes of the files it came from, before the oldest must go. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** Old databases have all relations but `replaces` in `depends`: in `desc` they show a modern one. */
const MODERN_RELATIONS = [...RELATION_FIELDS.values()]
  .map(([property]) => property as keyof PackageRelations)
  .filter((property) => property !== "replaces");

/** Puts the parts of each package folder together, and says when a package is complete. */
export class SyncDbFolders {
  readonly #held = new Map<string, Parts>();
  readonly #given = new Set<string>();
  readonly #options: { readonly files: boolean; readonly maxEntries: number };
  #heldBytes = 0;
  #current: string | undefined;

  /** `files`: wait for lists of files too. `maxEntries`: refuse more packages than that. */
  constructor(options: { files: boolean; maxEntries: number }) {
    this.#options = options;
  }

  /** Moves on to a folder; gives the package of the one before, if nothing of it can be missing. */
  *enter(folder: string): Generator<SyncDbPackage> {
    const previous = this.#current;
    if (previous === folder) return;
    this.#current = folder;
    const parts = previous === undefined ? undefined : this.#held.get(previous);
    if (previous !== undefined && parts !== undefined && this.#isComplete(parts)) {
      yield this.#give(previous, parts);
    }
    for (const [oldest, held] of this.#held) {
      if (this.#heldBytes <= MAX_HELD_BYTES) break;
      yield this.#give(oldest, held);
    }
  }

  /** Adds a folder's `desc`, which came from `bytes` bytes. */
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

  /** Adds a folder's `depends`, which came from `bytes` bytes. */
  addDepends(folder: string, depends: PackageRelations, bytes: number): void {
    this.#partsOf(folder, "depends", bytes).depends = depends;
  }

  /** Adds a folder's `files`, which came from `bytes` bytes. */
  addFiles(folder: string, files: string[], bytes: number): void {
    this.#partsOf(folder, "files", bytes).files = files;
  }

  /** The packages held back until the end of the archive. */
  *finish(): Generator<SyncDbPackage> {
    for (const [folder, parts] of this.#held) yield this.#give(folder, parts);
  }

  #isComplete({ desc, depends, files }: Parts): boolean {
    if (desc === undefined) return false;
    if (this.#options.files && files === undefined) return false;
    return depends !== undefined || MODERN_RELATIONS.some((property) => property in desc);
  }

  #partsOf(folder: string, part: "desc" | "depends" | "files", bytes: number): Parts {
    const known = this.#held.get(folder);
    const parts = known ?? { bytes: 0 };
    if (this.#given.has(folder) || part in parts) {
      throw new PkgstashError("content", "this folder has it twice, or has parts far apart");
    }
    if (known === undefined) {
      if (this.#held.size + this.#given.size >= this.#options.maxEntries) {
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

  #give(folder: string, { desc, depends, files, bytes }: Parts): SyncDbPackage {
    if (desc === undefined) {
      throw new PkgstashError(
        "content",
        `Cannot read the sync database: the folder ${JSON.stringify(folder)} has no desc`,
      );
    }
    this.#held.delete(folder);
    this.#given.add(folder);
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

/** Where a member of a sync database belongs: the package's folder, and the file when it is one. */
export interface SyncDbPath {
  /** `name-version` */
  folder: string;
  /** `desc`, `depends`, `files` or something else; absent for the folder itself. */
  file?: string;
}

/**
 * Reads the path of a member of a sync database, `name-version/` or `name-version/file`.
 *
 * Source: `load_pkg_for_entry` in pacman's lib/libalpm/be_sync.c.
 * @throws {PkgstashError} kind "content", for every other path: absolute, with `..` or `.`, outside of
 * a package's folder, or one folder too deep.
 */
export function parseSyncDbPath(path: string, type: "file" | "directory"): SyncDbPath {
  const trimmed = type === "directory" && path.endsWith("/") ? path.slice(0, -1) : path;
  const segments = trimmed.split("/");
  if (!segments.every(isSafeFileName)) {
    throw refused(path, "absolute paths, names that start with a dot and control characters are");
  }
  const [folder, file, ...deeper] = segments;
  if (folder !== undefined && deeper.length === 0) {
    if (type === "directory" && file === undefined) return { folder };
    if (type === "file" && file !== undefined) return { folder, file };
  }
  if (file === undefined) throw refused(path, "files outside of a package's folder are");
  throw refused(
    path,
    `packages must be at the top of the archive, and folders inside ${JSON.stringify(folder)} are`,
  );
}

function refused(path: string, reason: string): PkgstashError {
  const shown = JSON.stringify(path.length > 300 ? `${path.slice(0, 300)}...` : path);
  return new PkgstashError("content", `Cannot read the sync database: ${shown}: ${reason} refused`);
}
