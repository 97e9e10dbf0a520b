import { parseHttpDate } from "../../formats/http/http_date.ts";
import { contentTypeOf, responseHead } from "../../formats/http/representation.ts";
import type { Repository } from "../../repositories/repository.ts";
import { CACHE_STATUS_HEADER, type CacheStatus } from "../../repositories/send_file.ts";
import type { Upstream } from "../mirrors/upstream.ts";

export interface HeadRequest {
  repository: Repository;
  fileName: string;
  request: Request;
  /** Deadline for the start of the answer, in milliseconds of the monotonic clock. */
  deadlineAt: number;
}

/**
 * Answers a HEAD for an uncached file without fetching it, like the first mirror that has it.
 * Throws a `NoMirrorError` if none does.
 */
export async function headFromMirrors(
  upstream: Upstream,
  { repository, fileName, request, deadlineAt }: HeadRequest,
): Promise<Response> {
  const { signal } = new AbortController();
  const asked = { repository, fileName, deadlineAt, prefersCurrent: true, signal };
  const headers = await upstream.head(asked);
  const length = headers.get("content-length");
  return headOf(request, fileName, {
    size: length !== null && /^\d+$/.test(length) ? Number(length) : null,
    lastModified: parseHttpDate(headers.get("last-modified") ?? ""),
  });
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
