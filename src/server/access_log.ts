import { accessLogger } from "../platform/observability/logging.ts";
import type { Metrics, RequestResult } from "../platform/observability/metrics.ts";
import { CACHE_STATUS_HEADER } from "../repositories/send_file.ts";

const log = accessLogger();

/** Bodies that are counted as they are streamed, since they may end early. */
const COUNTED_AS_SENT = new Set(["MISS", "JOIN", "PASS"]);

/** Writes the line of a request, and counts it, once its answer is out. */
export async function recordRequest(
  request: Request,
  path: string | null,
  response: Response,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  startedAt: number,
  metrics: Metrics,
): Promise<void> {
  const cache = response.headers.get(CACHE_STATUS_HEADER);
  const length = Number(response.headers.get("content-length") ?? 0);
  // Not by the body itself: to look at it turns bytes in memory into a stream.
  const hasBody = request.method !== "HEAD" && (response.status === 200 || response.status === 206);
  const answeredAfter = performance.now() - startedAt;
  // Request and address cannot be read any more when the connection is gone.
  const about = {
    client: info.remoteAddr.hostname,
    method: request.method,
    path: path === null ? request.url : `/${path}`,
    status: response.status,
    ...(cache === null ? {} : { cache }),
  };
  const agent = request.headers.get("user-agent");
  await info.completed.catch(() => {});
  const bytes = hasBody ? length : 0;
  if (cache !== null) {
    metrics.countRequest(resultOf(response.status, cache));
    if (!COUNTED_AS_SENT.has(cache)) metrics.addBytesServed(bytes);
  }
  log.info("request", {
    ...about,
    bytes,
    answer_ms: Math.round(answeredAfter),
    total_ms: Math.round(performance.now() - startedAt),
    agent,
  });
}

function resultOf(status: number, cache: string): RequestResult {
  if (status === 304) return "not_modified";
  if (status === 404) return "not_found";
  if (status >= 500) return "error";
  if (status >= 400) return "refused";
  switch (cache) {
    case "STALE":
      return "stale";
    case "PASS":
      return "direct";
    case "JOIN":
      return "join";
    case "MISS":
    case "REFRESHED":
      return "miss";
    default:
      return "hit";
  }
}
