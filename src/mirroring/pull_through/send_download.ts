import { deadline } from "@std/async/deadline";
import { isTimeout, PkgstashError } from "../../errors.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import { contentTypeOf, entityTag, responseHead } from "../../formats/http/representation.ts";
import { CACHE_STATUS_HEADER, type CacheStatus, sendFile } from "../../repositories/send_file.ts";
import { countedWhileSent } from "../../repositories/traffic.ts";
import type { DownloadReader } from "../downloads/client_downloads.ts";
import type { Download } from "../downloads/download.ts";
import type { DownloadOpening } from "../downloads/download_request.ts";
import { type Continuation, readDownload } from "../downloads/part_reader.ts";

/** How long a range waits for the download to reach its start before it is fetched ahead. */
const RANGE_PATIENCE_MS = 2_000;

export interface SendDownloadOptions {
  fileName: string;
  status: CacheStatus;
  /** Deadline for the client's first byte, in milliseconds of the monotonic clock. */
  deadlineAt: number;
  /** Opens the rest of a file up to `last` if the disk fails midway. */
  continueTo?: (last: number | null) => Continuation;
  /** Called with the number of bytes handed out. */
  onBytes: (count: number) => void;
  /** Follows the client, from its first byte on. */
  follow: () => DownloadReader;
}

/** Answers a GET or HEAD from a download in flight. */
export async function sendDownload(
  request: Request,
  download: Download,
  opening: DownloadOpening,
  options: SendDownloadOptions,
): Promise<Response> {
  const { fileName, status, deadlineAt, continueTo, onBytes, follow } = options;
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
  const left = () => Math.max(0, deadlineAt - performance.now());
  const patienceMs = Math.min(RANGE_PATIENCE_MS, left());
  if (range !== null && !await download.reaches(range.start, patienceMs)) {
    download.fetchAhead(range.start);
    if (!await download.reaches(range.start, left())) {
      throw new PkgstashError(
        "upstream_timeout",
        `Cannot send ${fileName} from byte ${range.start}: no mirror sent it in time.`,
      );
    }
  }
  const last = range?.end ?? null;
  const reader = follow();
  const body = readDownload(download, {
    start: range?.start ?? 0,
    last,
    onBytes: (count) => {
      reader.add(count);
      onBytes(count);
    },
    onEnd: () => reader[Symbol.dispose](),
    ...(continueTo === undefined ? {} : { continueAt: continueTo(last) }),
  });
  return countedWhileSent(new Response(body, init), () => reader.bytes);
}

/** The outcome of a promise, or an `upstream_timeout` at the end of `answerTimeoutMs`, `deadlineAt`. */
export async function answerBy<T>(
  deadlineAt: number,
  promise: Promise<T>,
  { fileName, answerTimeoutMs }: { fileName: string; answerTimeoutMs: number },
): Promise<T> {
  const message = `Cannot get ${fileName}: no mirror answered within ${answerTimeoutMs / 1000} s.`;
  return await inTime(deadlineAt, promise, message);
}

/** The outcome of a promise, or an `upstream_timeout` with this message at `deadlineAt`. */
export async function inTime<T>(
  deadlineAt: number,
  promise: Promise<T>,
  message: string,
): Promise<T> {
  try {
    return await deadline(promise, Math.max(0, deadlineAt - performance.now()));
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw new PkgstashError("upstream_timeout", message);
  }
}

/**
 * Sends a range of a file of unknown length once it is complete, because only then it has ranges.
 */
async function sendWhenDone(
  request: Request,
  download: Download,
  { fileName, deadlineAt }: SendDownloadOptions,
): Promise<Response> {
  if (await download.reaches(Infinity, deadlineAt - performance.now())) {
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
