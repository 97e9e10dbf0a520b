import { STATUS_CODE } from "@std/http/status";
import { parseRetryAfter } from "../../formats/http/retry_after.ts";
import { MirrorRefusal } from "./mirror_response.ts";

/** Statuses of a mirror that may serve the same request later (RFC 9110, section 15). */
const BUSY: ReadonlySet<number> = new Set([
  STATUS_CODE.RequestTimeout,
  STATUS_CODE.TooManyRequests,
  STATUS_CODE.BadGateway,
  STATUS_CODE.ServiceUnavailable,
  STATUS_CODE.GatewayTimeout,
]);

/** Why a response with this status is not used; `isRange` tells whether a range was requested. */
export function refusalOf({ status, headers }: Response, isRange: boolean): MirrorRefusal {
  const reason = `answered ${status}`;
  if (status === STATUS_CODE.NotFound || status === STATUS_CODE.Gone) {
    return new MirrorRefusal("missing", reason);
  }
  if (BUSY.has(status)) {
    const retryAfterMs = parseRetryAfter(headers.get("retry-after"), new Date());
    return new MirrorRefusal("busy", reason, retryAfterMs);
  }
  // The mirror may refuse only the range; the whole file may still be available.
  return new MirrorRefusal(isRange ? "different" : "faulty", reason);
}
