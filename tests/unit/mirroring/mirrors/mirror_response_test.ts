import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { Mirror } from "../../../../src/mirroring/mirrors/mirror.ts";
import { MirrorResponse } from "../../../../src/mirroring/mirrors/mirror_response.ts";

const NEVER_MS = 60_000;

/** A body that the test feeds. */
function openBody(stallTimeoutMs = NEVER_MS, headers: Record<string, string> = {}) {
  const clock = { now: 0 };
  const now = () => clock.now;
  const mirror = new Mirror({ name: "mirror", address: "mirror", urlOf: () => null, now });
  const controller = new AbortController();
  let feed!: ReadableByteStreamController;
  const state = { pulls: 0, cancelled: false };
  const stream = new ReadableStream({
    type: "bytes",
    start: (stream) => {
      feed = stream;
    },
    pull: () => {
      state.pulls++;
    },
    cancel: () => {
      state.cancelled = true;
    },
  }, { highWaterMark: 0 });
  // The signal breaks the body, as with fetch.
  controller.signal.addEventListener("abort", () => {
    try {
      feed.error(controller.signal.reason);
    } catch {
      // Closed already.
    }
  });
  const response = { status: 200, headers: new Headers(headers), body: stream };
  const body = new MirrorResponse({ mirror, response, controller, stallTimeoutMs });
  const send = (...bytes: number[]) => feed.enqueue(new Uint8Array(bytes));
  const end = () => {
    feed.close();
    feed.byobRequest?.respond(0);
  };
  return { body, clock, mirror, controller, send, end, state };
}

const numbers = (bytes: Uint8Array | null) => bytes === null ? null : [...bytes];

Deno.test("a body is counted as in flight from its start to its end", async () => {
  const { body, mirror, send, end } = openBody();
  assertEquals(mirror.health.inFlight, 1);
  send(1);
  end();
  assertEquals(numbers(await body.read()), [1]);
  assertEquals(mirror.health.inFlight, 1);
  assertEquals(await body.read(), null);
  assertEquals(mirror.health.inFlight, 0);
  body.close();
  assertEquals(mirror.health.inFlight, 0);
});

Deno.test("peeked bytes are read again, once", async () => {
  const { body, send, end } = openBody();
  send(1, 2);
  const beginning = body.peek(3);
  send(3);
  assertEquals(numbers(await beginning), [1, 2, 3]);
  assertEquals(numbers(await body.peek(1)), [1, 2, 3]);
  send(4, 5);
  end();
  assertEquals(numbers(await body.read()), [1, 2, 3]);
  assertEquals(numbers(await body.read()), [4, 5]);
  assertEquals(await body.read(), null);
});

Deno.test("peeked bytes outlive the reads after them", async () => {
  const { body, send, end } = openBody();
  send(1, 2);
  const peeked = await body.peek(2);
  await body.read();
  send(3, 4);
  end();
  await body.read();
  assertEquals(await body.read(), null);
  assertEquals(numbers(peeked), [1, 2]);
});

Deno.test("a peek beyond the end returns what there is", async () => {
  const { body, send, end } = openBody();
  send(1, 2);
  end();
  assertEquals(numbers(await body.peek(100)), [1, 2]);
  assertEquals(numbers(await body.read()), [1, 2]);
  assertEquals(await body.read(), null);
});

Deno.test("a peek at an empty body is empty", async () => {
  const { body, mirror, end } = openBody();
  end();
  assertEquals(numbers(await body.peek(1)), []);
  assertEquals(await body.read(), null);
  assertEquals(mirror.health.inFlight, 0);
});

Deno.test("skipped bytes are not read, and no more than was peeked can be skipped", async () => {
  const { body, send, end } = openBody();
  send(1, 2);
  send(3, 4);
  end();
  await body.peek(3);
  assertThrows(() => body.skip(5), RangeError);
  body.skip(1);
  body.skip(2);
  assertEquals(numbers(await body.read()), [4]);
  assertEquals(await body.read(), null);
});

Deno.test("all peeked bytes can be skipped", async () => {
  const { body, send, end } = openBody();
  send(1, 2);
  await body.peek(2);
  body.skip(2);
  body.skip(0);
  send(3);
  end();
  assertEquals(numbers(await body.read()), [3]);
  assertEquals(await body.read(), null);
});

Deno.test("nothing is read from a mirror before it is needed", () => {
  const { body, state } = openBody();
  assertEquals(state.pulls, 0);
  body.close();
});

Deno.test("a body that stalls ends in a timeout, and its request is aborted", async () => {
  const { body, mirror, controller, send } = openBody(40);
  send(1);
  assertEquals(numbers(await body.read()), [1]);
  const error = await assertRejects(() => body.read(), PkgstashError, "stalled for 0.04 s");
  assertEquals(error.kind, "upstream_timeout");
  assertEquals(controller.signal.aborted, true);
  assertEquals(mirror.health.inFlight, 0);
});

Deno.test("a body does not stall while nobody waits for bytes", async () => {
  const { body, send, end } = openBody(20);
  send(1);
  await body.read();
  // Two checks of the watch go by.
  await new Promise((resolve) => setTimeout(resolve, 50));
  send(2);
  assertEquals(numbers(await body.read()), [2]);
  end();
  assertEquals(await body.read(), null);
});

Deno.test("a body that breaks is no longer in flight", async () => {
  const { body, mirror, controller } = openBody();
  const reading = body.read();
  controller.abort(new Error("connection reset"));
  await assertRejects(() => reading, Error);
  assertEquals(mirror.health.inFlight, 0);
});

Deno.test("a read pending when the body is closed fails, rather than report its end", async () => {
  const { body } = openBody();
  const reading = body.read();
  body.close();
  await assertRejects(() => reading);
});

Deno.test("closing aborts the request, once", () => {
  const { body, controller, mirror } = openBody();
  body.close();
  body.close();
  assertEquals(controller.signal.aborted, true);
  assertEquals(mirror.health.inFlight, 0);
});

Deno.test("the length is Content-Length if that is a number", async (t) => {
  for (
    const [headers, length] of [
      [{ "content-length": "12" }, 12],
      [{ "content-length": "0" }, 0],
      [{ "content-length": "12, 12" }, null],
      [{ "content-length": "-1" }, null],
      [{}, null],
    ] as const
  ) {
    await t.step(JSON.stringify(headers), () => {
      const { body } = openBody(NEVER_MS, { ...headers });
      assertEquals(body.length, length);
      body.close();
    });
  }
});

Deno.test("the rate of a body is measured over the time spent waiting for it", async () => {
  const { body, clock, mirror, send, end } = openBody();
  const first = body.peek(1);
  clock.now += 2_000;
  send(1, 2, 3);
  await first;
  // A slow disk, a slow client, a pause.
  clock.now += 60_000;
  assertEquals(body.received, { bytes: 3, waitedMs: 2_000 });
  assertEquals(mirror.health.bytesPerSecond, 1.5, "told before the end");
  await body.read();
  const second = body.read();
  clock.now += 1_000;
  send(4);
  await second;
  assertEquals(body.received, { bytes: 4, waitedMs: 3_000 });
  end();
  assertEquals(await body.read(), null);
});

Deno.test("a body that falls silent counts with its silence", async () => {
  const { body, clock, mirror } = openBody();
  const reading = body.read();
  clock.now += 5_000;
  body.close();
  await assertRejects(() => reading);
  assertEquals(mirror.health.bytesPerSecond, 0);
});
