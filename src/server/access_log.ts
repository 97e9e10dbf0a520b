import { accessLogger } from "../platform/observability/logging.ts";
import type { Metrics, RequestResult } from "../platform/observability/metrics.ts";
import { type Client, UNKNOWN_ADDRESS } from "../repositories/leases.ts";
import { CACHE_STATUS_HEADER } from "../repositories/send_file.ts";

const log = accessLogger();

/** Bodies that are counted while they are streamed, since they may end early. */
const COUNTED_WHILE_STREAMED = new Set(["MISS", "JOIN", "PASS"]);

export interface AnsweredRequest {
  readonly request: Request;
  /** The decoded path, or null if it names nothing here. */
  readonly path: string | null;
  readonly response: Response;
  readonly info: Deno.ServeHandlerInfo<Deno.NetAddr>;
  /** Null if it could not be found out. */
  readonly client: Client | null;
  /** When the request came in, by `performance.now()`. */
  readonly startedAt: number;
}

/** Logs and counts a request once its response is sent. */
export async function recordRequest(
  { request, path, response, info, client, startedAt }: AnsweredRequest,
  metrics: Metrics,
): Promise<void> {
  const cache = response.headers.get(CACHE_STATUS_HEADER);
  const length = lengthOf(response);
  const answerMs = performance.now() - startedAt;
  // Request and address cannot be read once the connection is closed.
  const about = {
    client: client?.hostname ?? UNKNOWN_ADDRESS,
    method: request.method,
    path: path === null ? request.url : `/${path}`,
    status: response.status,
    ...(cache === null ? {} : { cache }),
  };
  const agent = request.headers.get("user-agent");
  await info.completed.catch(() => {});
  if (cache !== null) {
    metrics.countRequest(resultOf(response.status, cache));
    const isFile = response.status === 200 || response.status === 206;
    if (isFile && !COUNTED_WHILE_STREAMED.has(cache)) metrics.addBytesServed(length ?? 0);
  }
  log.info("request", {
    ...about,
    bytes: length ?? "-",
    answer_ms: Math.round(answerMs),
    total_ms: Math.round(performance.now() - startedAt),
    agent,
  });
}

/**
 * The length of the body; null if it is known only at its end. This must not look at the body
 * itself, which would turn bytes in memory into a stream.
 */
function lengthOf({ body, headers }: Response): number | null {
  if (body === null) return 0;
  const length = headers.get("content-length");
  return length === null ? null : Number(length);
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
