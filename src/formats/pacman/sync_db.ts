import { PkgstashError, reasonOf } from "../../errors.ts";
import { decompress } from "../archive/archive_compression.ts";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { parseSyncDbPath, SyncDbFolders, type SyncDbPackage } from "./sync_db_folders.ts";
import { readTarEntries, type TarEntry } from "../archive/tar_entries.ts";
import { parseDepends, parseDesc } from "./desc.ts";

export type { SyncDbPackage };

/** What to read of a sync database, and the limits beyond which it is refused. */
export interface ReadSyncDbOptions {
  /** Also read each package's list of files, from a files database. False by default. */
  files?: boolean;
  /** Size of the decompressed database; 1 GiB by default. */
  maxDecompressedBytes?: number;
  /** Number of packages; 200,000 by default. */
  maxEntries?: number;
  /** Size of one `desc` or `depends` file; 512 KiB by default. */
  maxDescBytes?: number;
  /** Size of one `files` file; 64 MiB by default. */
  maxFilesBytes?: number;
}

/**
 * Packages held back to the end are yielded when no more bytes are decoded, which makes the turns.
 */
const PACKAGES_PER_TURN = 64;

/**
 * Iterates the packages of a sync database (`$repo.db`) or files database (`$repo.files`) as they
 * become complete: when the next folder begins, or, if a part may follow elsewhere in the archive
 * (before 2018 relations were in a separate `depends`), later and at the latest at the end. The
 * order is therefore nearly, but not exactly, that of the archive.
 *
 * Memory grows only with the names of the packages and with what is held back. The event loop runs
 * in between, and leaving the iteration early cancels the source.
 *
 * Source: `sync_db_populate` in pacman's lib/libalpm/be_sync.c, which is less strict.
 * @throws {PkgstashError} of kind "content" if anything is wrong with the bytes; the source's own
 * error if the source fails.
 */
export async function* readSyncDb(
  source: ReadableStream<Uint8Array>,
  options: ReadSyncDbOptions = {},
): AsyncGenerator<SyncDbPackage> {
  const { maxDecompressedBytes, maxDescBytes = 512 * 1024, maxFilesBytes = 64 * 1024 ** 2 } =
    options;
  const folders = new SyncDbFolders({
    files: options.files ?? false,
    maxEntries: options.maxEntries ?? 200_000,
  });
  const tar = decompress(
    source,
    maxDecompressedBytes === undefined ? {} : { maxDecompressedBytes },
  );
  for await (const entry of readTarEntries(tar)) {
    const { folder, file } = parseSyncDbPath(entry.name, entry.type);
    yield* folders.enter(folder);
    try {
      if (file === "desc") {
        folders.addDesc(folder, parseDesc(await textOf(entry, maxDescBytes)), entry.size);
      } else if (file === "depends") {
        folders.addDepends(folder, parseDepends(await textOf(entry, maxDescBytes)), entry.size);
      } else if (file === "files" && options.files) {
        folders.addFiles(folder, await filesOf(entry, maxFilesBytes), entry.size);
      }
    } catch (error) {
      if (!(error instanceof PkgstashError) || error.kind !== "content") throw error;
      throw new PkgstashError(
        "content",
        `Cannot read the sync database at ${JSON.stringify(entry.name)}: ${reasonOf(error)}.`,
        { cause: error },
      );
    }
  }
  let yielded = 0;
  for (const last of folders.finish()) {
    yield last;
    if (++yielded % PACKAGES_PER_TURN === 0) await eventLoopTurn();
  }
}

async function textOf(entry: TarEntry, limit: number): Promise<string> {
  checkSize(entry, limit);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of entry.body) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

async function filesOf(entry: TarEntry, limit: number): Promise<string[]> {
  checkSize(entry, limit);
  const list = new FilesList();
  for await (const chunk of entry.body) {
    list.push(chunk);
    await eventLoopTurn();
  }
  return list.finish();
}

function checkSize(entry: TarEntry, limit: number): void {
  if (entry.size <= limit) return;
  throw new PkgstashError("content", `it has ${entry.size} bytes, more than ${limit}`);
}

/**
 * The longest path on Linux (PATH_MAX, in bytes); compared with UTF-16 code units, which are fewer.
 */
const MAX_PATH_LENGTH = 4096;

/**
 * Collects the lines below `%FILES%` from chunks of the `files` file of a files database: paths
 * without a leading slash, folders with a trailing one.
 *
 * Source: `sync_db_read` in pacman's lib/libalpm/be_sync.c.
 */
export class FilesList {
  readonly #decoder = new TextDecoder();
  readonly #paths: string[] = [];
  #rest = "";
  #inBlock = false;

  /** Reads the next bytes. */
  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#readLine(line);
    this.#check(this.#rest);
  }

  /** Returns the paths, after the last bytes. */
  finish(): string[] {
    this.#readLine(this.#rest + this.#decoder.decode());
    return this.#paths;
  }

  #readLine(line: string): void {
    if (line === "") this.#inBlock = false;
    else if (this.#inBlock) this.#paths.push(this.#check(line));
    else this.#inBlock = line === "%FILES%";
  }

  #check(path: string): string {
    if (path.length <= MAX_PATH_LENGTH) return path;
    throw new PkgstashError(
      "content",
      `Cannot read a list of files: a path has more than ${MAX_PATH_LENGTH} characters.`,
    );
  }
}
