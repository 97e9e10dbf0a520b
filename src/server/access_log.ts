import { reasonOf } from "../errors.ts";
import { eventLogger, logAccess } from "../platform/observability/logging.ts";
import type { Metrics, RequestResult } from "../platform/observability/metrics.ts";
import { type Client, UNKNOWN_ADDRESS } from "../repositories/leases.ts";
import { CACHE_STATUS_HEADER } from "../repositories/send_file.ts";

const log = eventLogger("server");

/** Bodies that are counted while they are streamed, since they may end early. */
const COUNTED_WHILE_STREAMED = new Set(["MISS", "JOIN", "PASS"]);

export interface AnsweredRequest {
  readonly request: Request;
  /** The decoded path, or null if it names nothing here. */
  readonly path: string | null;
  readonly status: number;
  /** How it was served, if it asked for a file. */
  readonly cache: string | null;
  /** Bytes of the body; null if that is known only at its end. */
  readonly bytes: number | null;
  readonly info: Deno.ServeHandlerInfo<Deno.NetAddr>;
  /** Null if it could not be found out. */
  readonly client: Client | null;
  /** When the request came in, by `performance.now()`. */
  readonly startedAt: number;
}

/** Logs and counts a request once its response is sent, and calls `end` then. Never throws. */
export function recordRequest(
  { request, path, status, cache, bytes, info, client, startedAt }: AnsweredRequest,
  metrics: Metrics,
  end: () => void,
): void {
  const answerMs = performance.now() - startedAt;
  const { method } = request;
  const target = path === null ? request.url : `/${path}`;
  const agent = request.headers.get("user-agent");
  const record = () => {
    end();
    if (cache !== null) {
      metrics.countRequest(resultOf(status, cache));
      const isFile = status === 200 || status === 206;
      if (isFile && !COUNTED_WHILE_STREAMED.has(cache)) metrics.addBytesServed(bytes ?? 0);
    }
    logAccess({
      client: client?.hostname ?? UNKNOWN_ADDRESS,
      method,
      path: target,
      status,
      ...(cache === null ? {} : { cache }),
      bytes: bytes ?? "-",
      answer_ms: Math.round(answerMs),
      total_ms: Math.round(performance.now() - startedAt),
      agent,
    });
  };
  try {
    info.completed.then(record, record);
  } catch (error) {
    // The connection is gone.
    end();
    log.error("cannot record a request", { reason: reasonOf(error) });
  }
}

/** How a response is recorded, as far as its headers say it. */
export function describeResponse(
  response: Response,
): Pick<AnsweredRequest, "status" | "cache" | "bytes"> {
  return {
    status: response.status,
    cache: response.headers.get(CACHE_STATUS_HEADER),
    bytes: lengthOf(response),
  };
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
