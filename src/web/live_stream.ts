import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "@std/http/server-sent-event-stream";

/** Between two looks at the state: at most this often, a page is sent anew. */
const PERIOD_MS = 500;
/** So that whatever stands between notices that the stream is in use. */
const COMMENT_PERIOD_MS = 20_000;

/**
 * A stream of the live regions of a page: of those that changed, as a whole. A reader who is slow gets
 * fewer of them. `look` returns null when the stream must end.
 */
export function liveStream(
  look: () => Promise<ReadonlyMap<string, string> | null>,
  { register, periodMs = PERIOD_MS, commentPeriodMs = COMMENT_PERIOD_MS }: {
    /** Takes what ends the stream from outside; returns what is called when it has ended. */
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
        // Skipped while the reader has not received the previous message.
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
      // The page itself is current.
      send({ comment: "" });
      timer = setTimeout(step, periodMs);
    },
    cancel: finish,
  });
  return new Response(messages.pipeThrough(new ServerSentEventStream()), {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // nginx would hold it back.
      "x-accel-buffering": "no",
    },
  });
}

/** The regions that differ from what was sent, as htmx takes them. */
function changedPartials(regions: ReadonlyMap<string, string>, sent: Map<string, string>): string {
  let data = "";
  for (const [id, html] of regions) {
    if (sent.get(id) === html) continue;
    sent.set(id, html);
    data += `<hx-partial hx-target="#${id}" hx-swap="innerMorph">${html}</hx-partial>`;
  }
  return data;
}
