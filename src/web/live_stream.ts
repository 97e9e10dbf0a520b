import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "@std/http/server-sent-event-stream";

/** How often regions are rendered and compared. */
const PERIOD_MS = 500;
/** Keeps proxies from closing an idle stream. */
const COMMENT_PERIOD_MS = 20_000;

/**
 * Streams the live regions of a page as server-sent events, each in full whenever it changes. A
 * slow reader gets fewer updates. `look` returns HTML by region id, or null to end the stream.
 */
export function liveStream(
  look: () => Promise<ReadonlyMap<string, string> | null>,
  { register, periodMs = PERIOD_MS, commentPeriodMs = COMMENT_PERIOD_MS }: {
    /** Receives a function that ends the stream; returns one to call once it has ended. */
    register: (end: () => void) => () => void;
    periodMs?: number;
    commentPeriodMs?: number;
  },
): Response {
  const sent = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hasEnded = false;
  let lastMessageAt = performance.now();
  let release = () => {};
  const finish = () => {
    hasEnded = true;
    clearTimeout(timer);
    release();
  };
  const messages = new ReadableStream<ServerSentEventMessage>({
    start: (controller) => {
      const end = () => {
        if (hasEnded) return;
        finish();
        controller.close();
      };
      const send = (message: ServerSentEventMessage) => {
        controller.enqueue(message);
        lastMessageAt = performance.now();
      };
      const step = async () => {
        // Skip a period while the reader has not taken the previous message.
        if ((controller.desiredSize ?? 0) > 0) {
          const regions = await look().catch(() => null);
          if (hasEnded) return;
          if (regions === null) return end();
          const data = changedPartials(regions, sent);
          if (data !== "") send({ data });
          else if (performance.now() - lastMessageAt >= commentPeriodMs) send({ comment: "" });
        }
        timer = setTimeout(step, periodMs);
      };
      release = register(end);
      // The page was just rendered, so the first comparison can wait.
      send({ comment: "" });
      timer = setTimeout(step, periodMs);
    },
    cancel: finish,
  });
  return new Response(messages.pipeThrough(new ServerSentEventStream()), {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // Without it, nginx buffers the stream.
      "x-accel-buffering": "no",
    },
  });
}

/** The changed regions as htmx partials; "" if none changed. Records them in `sent`. */
function changedPartials(regions: ReadonlyMap<string, string>, sent: Map<string, string>): string {
  let data = "";
  for (const [id, html] of regions) {
    if (sent.get(id) === html) continue;
    sent.set(id, html);
    data += `<hx-partial hx-target="#${id}" hx-swap="innerMorph">${html}</hx-partial>`;
  }
  return data;
}
