import { PkgstashError, reasonOf } from "../../errors.ts";
import { decompress } from "../archive/archive_compression.ts";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { parseSyncDbPath, SyncDbFolders, type SyncDbPackage } from "./sync_db_folders.ts";
import { readTarEntries, type TarEntry } from "../archive/tar_entries.ts";
import { parseDepends, parseDesc } from "./desc.ts";

export type { SyncDbPackage };

/** What to read of a sync database, and where it stops being plausible. */
export interface ReadSyncDbOptions {
  /** Give each package its list of files, from a files database. Off unless set. */
  files?: boolean;
  /** The most bytes that the database may have when decompressed; 1 GiB unless given. */
  maxDecompressedBytes?: number;
  /** The most packages; 200,000 unless given. */
  maxEntries?: number;
  /** The largest `desc` or `depends` file, in bytes; 512 KiB unless given. */
  maxDescBytes?: number;
  /** The largest `files` file, in bytes; 64 MiB unless given. */
  maxFilesBytes?: number;
}

/** What the last packages cost is not in the bytes that decompression counts. */
const PACKAGES_PER_TURN = 64;

/**
 * The packages of a sync database (`$repo.db`) or files database (`$repo.files`), as they become
 * complete. A package is complete when the next folder begins; when it might still have a part
 * elsewhere in the archive (databases from before 2018 keep relations in a separate `depends`), it
 * is held back, until the end if need be. So the order is nearly, not exactly, that of the archive.
 *
 * Memory does not grow with the database beyond the names seen and what is held back. Between steps
 * the event loop runs, and stopping early cancels the source.
 *
 * Source: `sync_db_populate` in pacman's lib/libalpm/be_sync.c, which is less strict.
 * @throws {PkgstashError} kind "content", for whatever is wrong with the bytes; the source's own
 * error when the source fails.
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
        `Cannot read the sync database at ${JSON.stringify(entry.name)}: ${reasonOf(error)}`,
        { cause: error },
      );
    }
  }
  let given = 0;
  for (const last of folders.finish()) {
    yield last;
    if (++given % PACKAGES_PER_TURN === 0) await eventLoopTurn();
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

/** The longest path of an installed file that Linux takes, in bytes (PATH_MAX). */
const MAX_PATH_LENGTH = 4096;

/**
 * Collects the `files` file of a files database as it arrives: the lines below `%FILES%`, paths
 * without a leading slash, folders with a trailing one.
 *
 * Source: `sync_db_read` in pacman's lib/libalpm/be_sync.c.
 */
export class FilesList {
  readonly #decoder = new TextDecoder();
  readonly #paths: string[] = [];
  #rest = "";
  #inBlock = false;

  /** Takes the next bytes. */
  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#readLine(line);
    this.#check(this.#rest);
  }

  /** The paths, when all bytes have been taken. */
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
      `Cannot read a list of files: a path has more than ${MAX_PATH_LENGTH} characters`,
    );
  }
}
