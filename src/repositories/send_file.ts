import {
  contentTypeOf,
  entityTag,
  type Representation,
  responseHead,
} from "../formats/http/representation.ts";
import { streamOf } from "./file_stream.ts";
import { withSentBytes } from "./traffic.ts";
import { isUnreadable } from "../platform/files/unreadable.ts";
import type { ByteRange } from "../formats/http/range.ts";
import { fill } from "../platform/files/fill.ts";

/** How a request was served: the values of the header X-Cache. */
export const CACHE_STATUSES = [
  /** From disk. */
  "HIT",
  /** From a transfer that the request started. */
  "MISS",
  /** From a transfer in flight. */
  "JOIN",
  /** Straight from a mirror, bypassing a cache that cannot store it. */
  "PASS",
  /** From disk, after a mirror confirmed the copy. */
  "REVALIDATED",
  /** From disk, after a newer copy was fetched. */
  "REFRESHED",
  /** From disk, because no mirror responded in time. */
  "STALE",
] as const;

/** One of `CACHE_STATUSES`. */
export type CacheStatus = typeof CACHE_STATUSES[number];

/** The header with the `CacheStatus`. */
export const CACHE_STATUS_HEADER = "x-cache";

/** Bodies up to this size are sent from memory, which is cheaper than a stream. */
export const MAX_BYTES_IN_MEMORY = 64 * 1024;

/** A file on disk and its metadata for the response. */
export interface SentFile {
  readonly path: string;
  /** The name for clients, which determines its media type. */
  readonly fileName: string;
  readonly status: CacheStatus;
  /** The required length; null or absent if unknown. */
  readonly expectedSize?: number | null;
}

/** A file on disk that was sent in full, or reported as not modified. */
export interface FoundFile {
  readonly info: Deno.FileInfo;
  readonly representation: Representation;
  /** The whole content, if it was read; immutable. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** Whether the body is sent. */
  readonly isSent: boolean;
}

/**
 * Responds to a GET or HEAD with a file on disk, respecting conditions and ranges. Returns null if
 * the file is missing, unreadable, empty, or not of the expected length. Calls `onFound` before it
 * returns a 200 or 304.
 */
export async function sendFile(
  request: Request,
  { path, fileName, status, expectedSize = null }: SentFile,
  onFound: (found: FoundFile) => void = () => {},
): Promise<Response | null> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    // An unreadable file is as good as none: there are mirrors.
    if (error instanceof Deno.errors.NotFound || isUnreadable(error)) return null;
    throw error;
  }
  let isHandedOver = false;
  try {
    const info = await file.stat();
    // No file of a repository is empty, so this one is damaged.
    if (!info.isFile || info.size === 0) return null;
    if (expectedSize !== null && info.size !== expectedSize) return null;
    // The time is zero if the upstream sent none.
    const lastModified = info.mtime === null || info.mtime.getTime() === 0 ? null : info.mtime;
    const representation = {
      size: info.size,
      lastModified,
      etag: entityTag(info.size, lastModified, info.ino ?? 0),
      contentType: contentTypeOf(fileName),
    };
    const head = responseHead(request, representation);
    head.headers.set(CACHE_STATUS_HEADER, status);
    const init = { status: head.status, headers: head.headers };
    const isFound = head.status === 200 || head.status === 304;
    const found = { info, representation, bytes: null, isSent: false };
    const hasBody = request.method === "GET" && head.status < 300;
    if (!hasBody) {
      if (isFound) onFound(found);
      return new Response(null, init);
    }
    const range = head.range ?? { start: 0, end: info.size - 1 };
    if (range.end - range.start < MAX_BYTES_IN_MEMORY) {
      if (range.start > 0) await file.seek(range.start, Deno.SeekMode.Start);
      const bytes = await readRange(file, range);
      if (isFound) onFound({ ...found, bytes, isSent: true });
      return new Response(bytes, init);
    }
    if (isFound) onFound({ ...found, isSent: true });
    isHandedOver = true;
    const { body, sent } = streamOf({ file, info }, range);
    const response = new Response(body, init);
    return sent === null ? response : withSentBytes(response, sent);
  } finally {
    if (!isHandedOver) file.close();
  }
}

async function readRange(
  file: Deno.FsFile,
  { start, end }: ByteRange,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start + 1);
  if (await fill(file, bytes) < bytes.length) {
    throw new Error("Cannot send the file: it is shorter than expected.");
  }
  return bytes;
}
