import { isTimeout, PkgstashError } from "../../errors.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import { contentTypeOf, responseHead } from "../../formats/http/representation.ts";
import type { Repository } from "../../repositories/repository.ts";
import { CACHE_STATUS_HEADER, type CacheStatus } from "../../repositories/send_file.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { lateAnswer } from "./send_download.ts";

export interface HeadRequest {
  repository: Repository;
  fileName: string;
  request: Request;
  /** When the answer must have begun, in milliseconds of the monotonic clock. */
  deadlineAt: number;
  answerTimeoutMs: number;
}

/**
 * Answers a HEAD for a file that is not in the cache, without fetching it: as the first mirror does
 * that has it. Throws `not_found` if none has.
 */
export async function headFromMirrors(
  upstream: Upstream,
  { repository, fileName, request, deadlineAt, answerTimeoutMs }: HeadRequest,
): Promise<Response> {
  const { ready, resting } = upstream.pool.candidates(repository.directory);
  const signal = AbortSignal.timeout(Math.max(1, deadlineAt - performance.now()));
  try {
    for (const mirror of ready.length > 0 ? ready : resting) {
      const headers = await upstream.head(mirror, repository, fileName, signal);
      if (headers === null) continue;
      const length = headers.get("content-length");
      return headOf(request, fileName, {
        size: length !== null && /^\d+$/.test(length) ? Number(length) : null,
        lastModified: parseHttpDate(headers.get("last-modified") ?? ""),
      });
    }
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw lateAnswer(fileName, answerTimeoutMs);
  }
  throw new PkgstashError("not_found", `Cannot describe ${fileName}: no mirror has it.`);
}

/** The head of a file that is not fetched for it. */
export function headOf(
  request: Request,
  fileName: string,
  { size, lastModified }: { size: number | null; lastModified: Date | null },
): Response {
  const { status, headers } = responseHead(request, {
    size,
    lastModified,
    etag: null,
    contentType: contentTypeOf(fileName),
  });
  headers.set(CACHE_STATUS_HEADER, "MISS" satisfies CacheStatus);
  return new Response(null, { status, headers });
}
