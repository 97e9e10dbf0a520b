import { reasonOf } from "../errors.ts";
import { eventLogger, logAccess } from "../platform/observability/logging.ts";
import type { History } from "../history/history.ts";
import type { RequestResult } from "../platform/observability/metrics.ts";
import { remembered } from "../platform/remembered.ts";
import { type Client, UNKNOWN_ADDRESS } from "../repositories/leases.ts";
import type { SentBody } from "../repositories/traffic.ts";
import { CACHE_STATUS_HEADER } from "../repositories/send_file.ts";

const log = eventLogger("server");

/** Paths polled by monitoring every few seconds, logged at level debug only. */
const QUIET_PATHS = new Set(["/healthz", "/metrics"]);
const quiet = eventLogger("access");

// Shared by many requests: a frozen object is formatted only once.
const clientProperties = remembered((client) => Object.freeze({ client }));
const agentProperties = remembered((agent) => Object.freeze({ agent }));
const NO_AGENT = Object.freeze({ agent: null });
const AT_ONCE = Object.freeze({ answer_ms: 0, total_ms: 0 });

/** What a request was for and how it ended, for the log. */
export type Outcome = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** How it was served; only for a file. */
  readonly cache?: string;
  /** Bytes of the body; "-" if known only at its end. */
  readonly bytes: number | "-";
};

/** The requested file, for the counters. */
export interface AskedFile {
  /** The repository's directory. */
  readonly directory: string;
  readonly isDatabase: boolean;
}

export interface AnsweredRequest {
  readonly outcome: Outcome;
  /** Null if the request cannot name a file. */
  readonly file: AskedFile | null;
  /** The file's date, in milliseconds since the epoch; null if it has none or nobody asked. */
  readonly lastModified: number | null;
  /** What is known about its body while it is sent; null if it is sent in one piece. */
  readonly body: SentBody | null;
  readonly agent: string | null;
  readonly info: Deno.ServeHandlerInfo<Deno.NetAddr>;
  /** Null if unknown. */
  readonly client: Client | null;
  /** When the request arrived, by `performance.now()`. */
  readonly startedAt: number;
  /** Time until the response began. */
  readonly answerMs: number;
}

/** Logs and counts a request once its response has been sent, then calls `end`. Never throws. */
export function recordRequest(
  { outcome, file, lastModified, body, agent, info, client, startedAt, answerMs }: AnsweredRequest,
  history: Pick<History, "recordRequest">,
  end: () => void,
): void {
  const record = () => {
    end();
    const { status, cache } = outcome;
    // A client may have disconnected early.
    const bytes = body === null ? outcome.bytes : body.sent();
    if (cache !== undefined) {
      const isFile = status === 200 || status === 206;
      const isSynced = file?.isDatabase === true && (status === 200 || status === 304);
      history.recordRequest({
        client: client?.hostname ?? UNKNOWN_ADDRESS,
        directory: file?.directory ?? null,
        result: resultOf(status, cache),
        bytes: isFile && bytes !== "-" && body?.isCounted !== true ? bytes : 0,
        agent,
        databaseAt: isSynced ? lastModified : undefined,
      });
    }
    const totalMs = Math.round(performance.now() - startedAt);
    const groups = [
      clientProperties(client?.hostname ?? UNKNOWN_ADDRESS),
      bytes === outcome.bytes ? outcome : { ...outcome, bytes },
      totalMs === 0 ? AT_ONCE : { answer_ms: Math.round(answerMs), total_ms: totalMs },
      agent === null ? NO_AGENT : agentProperties(agent),
    ];
    if (cache === undefined && status < 400 && QUIET_PATHS.has(outcome.path)) {
      quiet.debug("request", Object.assign({}, ...groups));
    } else logAccess(...groups);
  };
  try {
    info.completed.then(record, record);
  } catch (error) {
    // The connection is gone.
    end();
    log.error("cannot record a request", { reason: reasonOf(error) });
  }
}

/** How to record a response. `path` is null if it names nothing here. */
export function outcomeOf(
  { method, url }: Request,
  path: string | null,
  response: Response,
): Outcome {
  const cache = response.headers.get(CACHE_STATUS_HEADER);
  return {
    method,
    path: path === null ? url : `/${path}`,
    status: response.status,
    ...(cache === null ? {} : { cache }),
    bytes: lengthOf(response) ?? "-",
  };
}

/**
 * The length of the body; null if known only at its end. This must not access the body itself,
 * which would turn bytes in memory into a stream.
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
