import { createHash } from "node:crypto";
import { dirname } from "@std/path";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { removeIfPresent } from "../../platform/files/durable.ts";
import type { Repository } from "../../repositories/repository.ts";
import {
  BEGINNING_BYTES,
  checkBeginning,
  checkLength,
  maxBytesOf,
} from "../downloads/content_check.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { MirrorResponse } from "../mirrors/mirror_response.ts";
import { isNotFound } from "../mirrors/race.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { type Description, descriptionBy } from "./known_contents.ts";
import type { Pace } from "./pace.ts";

const KIND = "database";

/** Where files are copied to. */
export interface DiskSpace {
  /** Makes room for this many bytes; false if they cannot fit. */
  make(bytes: number): Promise<boolean>;
}

/** A file of a repository, on one mirror. */
export interface FileOnMirror {
  upstream: Upstream;
  mirror: Mirror;
  repository: Repository;
  fileName: string;
  pace: Pace;
  room: DiskSpace;
  /** Called with the number of bytes that have arrived. */
  onBytes: (count: number) => void;
  signal: AbortSignal;
}

/** A file that was copied from a mirror. */
export interface CopiedFile {
  path: string;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** Bytes. */
  size: number;
  /** When the mirror began to send it, in milliseconds since the epoch. */
  receivedAt: number;
  description: Description;
}

/**
 * Copies a database or file list from one mirror to `path`, complete and synced; leaves nothing
 * there on failure. Returns null if the mirror says that it still matches `etag`.
 */
export async function copyFile(
  file: FileOnMirror,
  { path, etag }: { path: string; etag: string | null },
): Promise<CopiedFile | null> {
  const { upstream, mirror, repository, fileName, pace, room, signal } = file;
  pace.recordRequest();
  const body = await upstream.open({
    repository,
    fileName,
    only: [mirror],
    isConditional: etag !== null,
    headersFor: () => etag === null ? {} : { "if-none-match": etag },
    accept: async (body) => {
      if (body.status === 304) return;
      if (body.status !== 200) throw new PkgstashError("content", `answered ${body.status}`);
      checkLength({ kind: KIND, size: body.length, expectedSize: null });
      checkBeginning(KIND, fileName, await body.peek(BEGINNING_BYTES));
    },
    signal,
  });
  const stop = () => body.close();
  signal.addEventListener("abort", stop);
  try {
    const description = descriptionBy(body);
    pace.recordResponse(description.size);
    const isUnchanged = body.status === 304 || (etag !== null && description.etag === etag);
    if (isUnchanged) return null;
    const receivedAt = Date.now();
    // Even without room: the write itself will report it.
    if (body.length !== null) await room.make(body.length);
    const copied = await write(body, file, path);
    mirror.health.recordSuccess();
    return { path, ...copied, receivedAt, description };
  } catch (error) {
    await removeIfPresent(path);
    signal.throwIfAborted();
    const isOurs = error instanceof PkgstashError && error.kind === "storage";
    if (!isOurs) upstream.recordFailure({ mirror, error }, file);
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    body.close();
  }
}

/** Like `copyFile` without a condition, but null if the mirror does not have the file. */
export async function copyIfPresent(file: FileOnMirror, path: string): Promise<CopiedFile | null> {
  try {
    return await copyFile(file, { path, etag: null });
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

async function write(
  body: MirrorResponse,
  { fileName, pace, onBytes, signal }: FileOnMirror,
  path: string,
): Promise<{ sha256: string; size: number }> {
  const { length } = body;
  const max = Math.min(length ?? Infinity, maxBytesOf(KIND));
  const hash = createHash("sha256");
  let size = 0;
  using written = await stored(path, async () => {
    await Deno.mkdir(dirname(path), { recursive: true });
    return await Deno.open(path, { write: true, create: true, truncate: true });
  });
  for (let chunk; (chunk = await body.read()) !== null;) {
    signal.throwIfAborted();
    size += chunk.length;
    if (size > max) {
      throw new PkgstashError("content", `sends more than ${max} bytes for ${fileName}`);
    }
    pace.add(chunk.length);
    onBytes(chunk.length);
    hash.update(chunk);
    await stored(path, async () => {
      for (let done = 0; done < chunk.length;) done += await written.write(chunk.subarray(done));
    });
  }
  if (length !== null && size !== length) {
    throw new PkgstashError("upstream", `ended ${length - size} bytes early`);
  }
  await stored(path, () => written.sync());
  return { sha256: hash.digest("hex"), size };
}

/** Runs work on the disk, whose failures are not the mirror's fault. */
async function stored<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new PkgstashError("storage", `Cannot write ${path}: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}
