import { PkgstashError } from "../../errors.ts";
import type { Download, DownloadOpening } from "../downloads/download.ts";
import { readDownload } from "../downloads/part_reader.ts";
import { contentTypeOf } from "../../formats/http/content_type.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import type { ByteRange } from "../../formats/http/range.ts";
import { answerTo, entityTag } from "../../formats/http/representation.ts";
import { CACHE_STATUS_HEADER, type CacheStatus } from "../../repositories/cache_status.ts";
import type { DirectRange } from "../downloads/direct_range.ts";
import { sendFile } from "../../repositories/send_file.ts";

/** Milliseconds that a range waits for the transfer to come to its start. */
const RANGE_PATIENCE = 2_000;

export interface SendDownloadOptions {
  fileName: string;
  status: CacheStatus;
  /** Milliseconds within which a client must get its first byte. */
  answerTimeoutMs: number;
  /** Gets a range past the cache, of the file with this identity. */
  direct: (range: ByteRange, opening: DownloadOpening) => Promise<DirectRange>;
  onBytes: (count: number) => void;
}

/** Answers a GET or HEAD from a transfer in flight. */
export async function sendDownload(
  request: Request,
  download: Download,
  opening: DownloadOpening,
  options: SendDownloadOptions,
): Promise<Response> {
  const { fileName, status, answerTimeoutMs, direct, onBytes } = options;
  const size = download.size;
  if (size === null && request.headers.has("range") && request.method === "GET") {
    return await sendWhenDone(request, download, options);
  }
  const lastModified = parseHttpDate(opening.identity.lastModified ?? "");
  const answer = answerTo(request, {
    size,
    lastModified,
    etag: size === null ? null : entityTag(size, lastModified, opening.inode),
    contentType: contentTypeOf(fileName),
  });
  answer.headers.set(CACHE_STATUS_HEADER, status);
  const init = { status: answer.status, headers: answer.headers };
  if (request.method !== "GET" || answer.status >= 300) return new Response(null, init);
  const { range } = answer;
  if (range !== null && !await download.reaches(range.start, RANGE_PATIENCE)) {
    const passed = await direct(range, opening).catch(() => null);
    if (passed !== null) {
      answer.headers.set(CACHE_STATUS_HEADER, "PASS");
      return new Response(passed.body, init);
    }
    if (!await download.reaches(range.start, answerTimeoutMs - RANGE_PATIENCE)) {
      throw new PkgstashError(
        "upstream_timeout",
        `No mirror sends ${fileName} from byte ${range.start} in time`,
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

/** Without a length no range can be told from another; the finished file has one. */
async function sendWhenDone(
  request: Request,
  download: Download,
  { fileName, answerTimeoutMs }: SendDownloadOptions,
): Promise<Response> {
  if (await download.reaches(Infinity, answerTimeoutMs)) {
    await download.done;
    const response = await sendFile(request, download.request.finalPath, fileName, "HIT");
    if (response !== null) return response;
  }
  throw new PkgstashError(
    "upstream_timeout",
    `The length of ${fileName} is not known yet, so a part of it cannot be sent`,
  );
}
