import { contentTypeOf, entityTag, responseHead } from "../formats/http/representation.ts";
import type { ByteRange } from "../formats/http/range.ts";

/** Files up to this many bytes are sent from memory: cheaper than a stream. */
const SMALL = 64 * 1024;
const LARGEST_READ = 512 * 1024;

/**
 * Answers a GET or HEAD from a file on disk; null when there is none. Nothing but the file system
 * is consulted, so any thread that may read the cache can do it.
 */
export async function sendFile(
  request: Request,
  path: string,
  fileName: string,
  status: CacheStatus,
): Promise<Response | null> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  let handedOver = false;
  try {
    const info = await file.stat();
    // No file of a repository is empty; one that is was damaged.
    if (!info.isFile || info.size === 0) return null;
    // A time of zero stands for "the upstream gave none".
    const lastModified = info.mtime === null || info.mtime.getTime() === 0 ? null : info.mtime;
    const answer = responseHead(request, {
      size: info.size,
      lastModified,
      etag: entityTag(info.size, lastModified, info.ino ?? 0),
      contentType: contentTypeOf(fileName),
    });
    answer.headers.set(CACHE_STATUS_HEADER, status);
    const init = { status: answer.status, headers: answer.headers };
    const hasBody = request.method === "GET" && answer.status < 300;
    if (!hasBody) return new Response(null, init);
    const range = answer.range ?? { start: 0, end: info.size - 1 };
    if (range.start > 0) await file.seek(range.start, Deno.SeekMode.Start);
    if (range.end - range.start < SMALL) return new Response(await readRange(file, range), init);
    handedOver = true;
    const whole = range.end === info.size - 1;
    return new Response(whole ? file.readable : streamRange(file, range), init);
  } finally {
    if (!handedOver) file.close();
  }
}

async function readRange(
  file: Deno.FsFile,
  { start, end }: ByteRange,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start + 1);
  let filled = 0;
  while (filled < bytes.length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) throw new Error("the file ended early");
    filled += count;
  }
  return bytes;
}

function streamRange(
  file: Deno.FsFile,
  { start, end }: ByteRange,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = end - start + 1;
  return new ReadableStream({
    async pull(controller) {
      try {
        const chunk = new Uint8Array(Math.min(LARGEST_READ, left));
        const count = await file.read(chunk);
        if (count === null) throw new Error("the file ended early");
        left -= count;
        controller.enqueue(chunk.subarray(0, count));
        if (left > 0) return;
        file.close();
        controller.close();
      } catch (error) {
        file.close();
        controller.error(error);
      }
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}

/**
 * What the cache did for a request, as the X-Cache header says it: `HIT` sent from disk; `MISS`
 * began a transfer; `JOIN` follows one begun before; `PASS` a range straight from a mirror;
 * `REVALIDATED` a mirror said that the copy is current; `REFRESHED` a newer one was fetched first;
 * `STALE` no mirror could be asked in time.
 */
export type CacheStatus = "HIT" | "MISS" | "JOIN" | "PASS" | "REVALIDATED" | "REFRESHED" | "STALE";

export const CACHE_STATUS_HEADER = "x-cache";
