import { VERIFY, type VerifyProgressEvent } from "../../api/verify.ts";
import { PkgstashError } from "../../errors.ts";
import type { Verification } from "../../mirroring/verification/verification.ts";
import { INTERNAL_ERROR } from "../responses.ts";
import { handle, type Route } from "./route.ts";

export const verifyRoutes: readonly Route[] = [
  handle(VERIFY, ({ query: { repair, repository }, mirroring: { verification } }) => {
    if (verification.isRunning) {
      throw new PkgstashError(
        "conflict",
        "Cannot verify: a verification is in progress. Wait for it to end.",
      );
    }
    return eventsOf(verification, { repair: repair === "true", repository: repository ?? null });
  }),
];

/** Starts a verification and streams its events. It stops when nobody reads them any more. */
function eventsOf(
  verification: Verification,
  request: { repair: boolean; repository: string | null },
): ReadableStream<VerifyProgressEvent> {
  const reader = new AbortController();
  return new ReadableStream<VerifyProgressEvent>({
    start: (controller) => {
      const listener = (event: VerifyProgressEvent) => {
        if (!reader.signal.aborted) controller.enqueue(event);
      };
      verification.run({ ...request, listener, signal: reader.signal })
        .catch((error) => listener(failedEvent(error)))
        .finally(() => {
          if (!reader.signal.aborted) controller.close();
        });
    },
    cancel: () => reader.abort(),
  });
}

function failedEvent(error: unknown): VerifyProgressEvent {
  return error instanceof PkgstashError
    ? { event: "failed", kind: error.kind, reason: error.message }
    : { event: "failed", kind: "internal", reason: INTERNAL_ERROR };
}
