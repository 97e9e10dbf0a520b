import { join } from "@std/path";
import { storabilityOf } from "../../formats/http/freshness.ts";
import { seeFile, type SeenFile } from "../../platform/files/plain_directory.ts";
import { fileKey, type RepositoryTree } from "../../repositories/repository.ts";
import { BLOB, type ExtraRecord, readRecord, RECORD_SUFFIX } from "./extra_store.ts";

/** How long bytes without a record, and files no longer configured, may be in use. */
const LOOSE_AGE_MS = 10 * 60_000;

/** A stored file of `extra_paths`; times are in milliseconds since the epoch. */
export interface StoredExtra {
  /** Path below the server's root. */
  readonly path: string;
  /** Directory of its bytes and its record, below the cache's root. */
  readonly directory: string;
  /** The name of its bytes. */
  readonly fileName: string;
  readonly name: string;
  /** Always null: a file that is not a package has no version. */
  readonly version: null;
  readonly file: SeenFile;
  readonly record: SeenFile;
  readonly bytes: number;
  readonly usedAt: number;
  readonly fetchedAt: number;
}

/** A file that cannot answer any request. */
export interface LooseExtra {
  /** Below the cache's root. */
  readonly directory: string;
  readonly file: SeenFile;
  readonly reason: "gone_repository" | "temporary";
  readonly why: string;
  /** Path of the file whose download would reuse this one if it started now. */
  readonly download: string;
}

interface Listing {
  /** Directory of the files below the server's root. */
  readonly repository: string;
  /** The same below the cache's root. */
  readonly directory: string;
  readonly path: string;
  readonly files: readonly SeenFile[];
}

/** The stored files in one directory, and remains of others. */
export async function extrasIn(
  { repository, directory, path, files }: Listing,
  { tree, now }: { tree: RepositoryTree; now: number },
): Promise<{ extras: StoredExtra[]; loose: LooseExtra[] }> {
  const extras: StoredExtra[] = [];
  const loose: LooseExtra[] = [];
  const named = new Set<string>();
  for (const record of files.filter(({ name }) => name.endsWith(RECORD_SUFFIX))) {
    const name = record.name.slice(0, -RECORD_SUFFIX.length);
    const key = fileKey(repository, name);
    const content = await readRecord(join(path, record.name));
    const file = content === null ? null : await seeFile(path, content.blob);
    if (content === null || file === null) continue;
    const isGone = tree.extraAt(key) === null;
    const isForbidden = !storabilityOf(new Headers(content.headers), now).mayStore;
    if ((isGone || isForbidden) && now - file.changed >= LOOSE_AGE_MS) {
      for (const each of [record, file]) {
        loose.push({
          directory,
          file: each,
          reason: isGone ? "gone_repository" : "temporary",
          why: isGone ? `${key} is no longer in extra_paths` : "its mirror forbids caching it",
          download: key,
        });
      }
    }
    named.add(file.name);
    extras.push(describe({ key, name, directory, record, file }, content));
  }
  for (const file of files) {
    // Readers of a replaced file opened it long ago.
    if (!BLOB.test(file.name) || named.has(file.name) || now - file.changed < LOOSE_AGE_MS) {
      continue;
    }
    loose.push({
      directory,
      file,
      reason: "temporary",
      why: "it has no record",
      download: fileKey(repository, file.name.replace(/\.[^.]+$/, "")),
    });
  }
  const gone = new Set(loose.map(({ file }) => file));
  return { extras: extras.filter(({ file }) => !gone.has(file)), loose };
}

function describe(
  { key, name, directory, record, file }: {
    key: string;
    name: string;
    directory: string;
    record: SeenFile;
    file: SeenFile;
  },
  { usedAt, fetchedAt }: ExtraRecord,
): StoredExtra {
  return {
    path: key,
    directory,
    fileName: file.name,
    name,
    version: null,
    file,
    record,
    bytes: file.size + record.size,
    usedAt,
    fetchedAt,
  };
}
