import { deadline } from "@std/async/deadline";
import { isTimeout, PkgstashError } from "../../errors.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import type { ByteRange } from "../../formats/http/range.ts";
import { contentTypeOf, entityTag, responseHead } from "../../formats/http/representation.ts";
import { CACHE_STATUS_HEADER, type CacheStatus, sendFile } from "../../repositories/send_file.ts";
import type { DirectRange } from "../downloads/direct_range.ts";
import type { Download, DownloadOpening } from "../downloads/download.ts";
import { readDownload } from "../downloads/part_reader.ts";

/** How long a range waits for the download to reach its start before it is fetched directly. */
const RANGE_PATIENCE_MS = 2_000;

/** What X-Cache says of a direct range. */
const DIRECT_STATUS: CacheStatus = "PASS";

export interface SendDownloadOptions {
  fileName: string;
  status: CacheStatus;
  /** Time within which a client must get its first byte. */
  answerTimeoutMs: number;
  /** Opens a range past the cache; null if the file is always sent from the download. */
  openDirect: ((range: ByteRange, opening: DownloadOpening) => Promise<DirectRange>) | null;
  /** Called with the number of bytes handed out. */
  onBytes: (count: number) => void;
}

/** Answers a GET or HEAD from a download in flight. */
export async function sendDownload(
  request: Request,
  download: Download,
  opening: DownloadOpening,
  options: SendDownloadOptions,
): Promise<Response> {
  const { fileName, status, answerTimeoutMs, openDirect, onBytes } = options;
  const { size } = download;
  if (size === null && request.headers.has("range") && request.method === "GET") {
    return await sendWhenDone(request, download, options);
  }
  const lastModified = parseHttpDate(opening.identity.lastModified ?? "");
  const head = responseHead(request, {
    size,
    lastModified,
    etag: size === null ? null : entityTag(size, lastModified, opening.inode),
    contentType: contentTypeOf(fileName),
  });
  head.headers.set(CACHE_STATUS_HEADER, status);
  const init = { status: head.status, headers: head.headers };
  if (request.method !== "GET" || head.status >= 300) return new Response(null, init);
  const { range } = head;
  if (range !== null && !await download.reaches(range.start, RANGE_PATIENCE_MS)) {
    const direct = await openDirect?.(range, opening).catch(() => null) ?? null;
    if (direct !== null) {
      head.headers.set(CACHE_STATUS_HEADER, DIRECT_STATUS);
      return new Response(direct.body, init);
    }
    if (!await download.reaches(range.start, answerTimeoutMs - RANGE_PATIENCE_MS)) {
      throw new PkgstashError(
        "upstream_timeout",
        `Cannot send ${fileName} from byte ${range.start}: no mirror sends it in time.`,
      );
    }
  }
  const body = readDownload(download, {
    start: range?.start ?? 0,
    last: range?.end ?? null,
    onBytes,
  });
  return new Response(body, init);
}

/** The outcome of a promise, or an `upstream_timeout` if that takes more than `timeoutMs`. */
export async function answerInTime<T>(
  promise: Promise<T>,
  timeoutMs: number,
  fileName: string,
): Promise<T> {
  try {
    return await deadline(promise, timeoutMs);
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw new PkgstashError(
      "upstream_timeout",
      `Cannot get ${fileName}: no mirror answered within ${timeoutMs / 1000} s.`,
    );
  }
}

/** Sends a range of a file of unknown length once it is complete, because only then it has ranges. */
async function sendWhenDone(
  request: Request,
  download: Download,
  { fileName, answerTimeoutMs }: SendDownloadOptions,
): Promise<Response> {
  if (await download.reaches(Infinity, answerTimeoutMs)) {
    await download.done;
    const response = await sendFile(request, {
      path: download.request.finalPath,
      fileName,
      status: "HIT",
    });
    if (response !== null) return response;
  }
  throw new PkgstashError(
    "upstream_timeout",
    `Cannot send a range of ${fileName}: its length is not known yet.`,
  );
}
