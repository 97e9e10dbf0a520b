import { REFRESH_PROGRESS, type RefreshProgressEvent } from "../../api/refresh_progress.ts";
import { PkgstashError } from "../../errors.ts";
import type { ApiRoute } from "./api_route.ts";

/**
 * `POST /api/v1/refresh`: the whole cycle, told as it goes, one JSON object a line. The last line
 * has `"event": "done"`, or `"event": "failed"` with the reason.
 */
export const refreshRoute: ApiRoute = {
  method: "POST",
  path: "/api/v1/refresh",
  summary: "Refresh now, and tell how it goes",
  answers: [{
    status: 200,
    description: "One JSON object a line.",
    content: { type: "application/x-ndjson", schema: REFRESH_PROGRESS },
  }],
  failures: { 409: "Another refresh is under way" },
  handle: ({ services: { cycle } }) => {
    if (cycle.isRunning) {
      throw new PkgstashError("conflict", "A refresh is under way; wait for it to end");
    }
    const encoder = new TextEncoder();
    const lines = new TransformStream<RefreshProgressEvent, Uint8Array<ArrayBuffer>>(
      {
        transform: (event, controller) =>
          controller.enqueue(encoder.encode(`${JSON.stringify(event)}\n`)),
      },
      undefined,
      { highWaterMark: 1024 },
    );
    const writer = lines.writable.getWriter();
    // A listener that has gone away does not end the refresh.
    const tell = (event: RefreshProgressEvent) => void writer.write(event).catch(() => {});
    cycle.run(tell)
      .catch((error) =>
        tell({
          event: "failed",
          kind: error instanceof PkgstashError ? error.kind : "internal",
          reason: error instanceof PkgstashError ? error.message : "Something went wrong here.",
        })
      )
      .finally(() => writer.close().catch(() => {}));
    return new Response(lines.readable, {
      headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" },
    });
  },
};
