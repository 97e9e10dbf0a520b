import { reasonOf } from "../errors.ts";
import { eventLogger, logAccess } from "../platform/observability/logging.ts";
import type { History } from "../history/history.ts";
import type { RequestResult } from "../platform/observability/metrics.ts";
import { remembered } from "../platform/remembered.ts";
import { type Client, UNKNOWN_ADDRESS } from "../repositories/leases.ts";
import type { SentBody } from "../repositories/traffic.ts";
import { CACHE_STATUS_HEADER } from "../repositories/send_file.ts";

const log = eventLogger("server");

/** What monitoring asks for every few seconds is logged at level debug only. */
const QUIET_PATHS = new Set(["/healthz", "/metrics"]);
const quiet = eventLogger("access");

// Most requests have these in common with others, and what is frozen is formatted once.
const clientProperties = remembered((client) => Object.freeze({ client }));
const agentProperties = remembered((agent) => Object.freeze({ agent }));
const NO_AGENT = Object.freeze({ agent: null });
const AT_ONCE = Object.freeze({ answer_ms: 0, total_ms: 0 });

/** What a request was for and how it ended, as it is logged. */
export type Outcome = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** How it was served; only if it asked for a file. */
  readonly cache?: string;
  /** Bytes of the body; "-" if that is known only at its end. */
  readonly bytes: number | "-";
};

/** The file that was asked for, as it is counted. */
export interface AskedFile {
  /** The directory of the repository. */
  readonly directory: string;
  readonly isDatabase: boolean;
}

export interface AnsweredRequest {
  readonly outcome: Outcome;
  /** Null if the request named no file that there can be. */
  readonly file: AskedFile | null;
  /** When the file is dated, in milliseconds since the epoch; null if it is not, or nobody asks. */
  readonly lastModified: number | null;
  /** What is known of its body while it is sent; null if it is sent in one piece. */
  readonly body: SentBody | null;
  readonly agent: string | null;
  readonly info: Deno.ServeHandlerInfo<Deno.NetAddr>;
  /** Null if it could not be found out. */
  readonly client: Client | null;
  /** When the request came in, by `performance.now()`. */
  readonly startedAt: number;
  /** How long it took to begin the response. */
  readonly answerMs: number;
}

/** Logs and counts a request once its response is sent, and calls `end` then. Never throws. */
export function recordRequest(
  { outcome, file, lastModified, body, agent, info, client, startedAt, answerMs }: AnsweredRequest,
  history: Pick<History, "recordRequest">,
  end: () => void,
): void {
  const record = () => {
    end();
    const { status, cache } = outcome;
    // A client may have left before the end.
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

/** How a response is recorded. `path` is null if it names nothing here. */
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
