import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { liveStream } from "../../../src/web/live_stream.ts";

type Regions = ReadonlyMap<string, string> | null;

interface Started {
  readonly reader: ReadableStreamDefaultReader<string>;
  readonly end: () => void;
  /** Resolves when the stream has given up its place. */
  readonly released: Promise<void>;
}

function start(look: () => Promise<Regions>, commentPeriodMs = 60_000): Started {
  let end = () => {};
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { body } = liveStream(look, {
    register: (stop) => {
      end = stop;
      return release;
    },
    periodMs: 1,
    commentPeriodMs,
  });
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  return { reader, end: () => end(), released };
}

/** What the stream sends until it contains a text. */
async function until(reader: Started["reader"], text: string): Promise<string> {
  let all = "";
  while (!all.includes(text)) {
    const { done, value } = await reader.read();
    assert(!done, `ended after ${all}`);
    all += value;
  }
  return all;
}

Deno.test("only changed regions are sent, each as a whole", async () => {
  let count = 0;
  const { reader } = start(() =>
    Promise.resolve(new Map([["still", "<p>\nsame</p>"], ["moving", `${++count}`]]))
  );
  const all = await until(reader, ">3<");
  assertEquals(all.match(/same/g)?.length, 1);
  assertStringIncludes(
    all,
    'data:<hx-partial hx-target="#moving" hx-swap="innerMorph">3</hx-partial>\n\n',
  );
  // A line break in a region must not end the message.
  assertStringIncludes(all, "<p>\ndata:same</p>");
  await reader.cancel();
});

Deno.test("a stream without changes is kept open by comments", async () => {
  const { reader } = start(() => Promise.resolve(new Map()), 0);
  assertEquals(await until(reader, ":\n\n:\n\n:\n\n"), ":\n\n:\n\n:\n\n");
  await reader.cancel();
});

Deno.test("a stream ends when its reader leaves, when it is stopped, and when its state cannot be read", async () => {
  const nothing = () => Promise.resolve(new Map<string, string>());
  const left = start(nothing);
  await left.reader.cancel();
  await left.released;
  const stopped = start(nothing);
  await stopped.reader.read();
  stopped.end();
  assertEquals((await stopped.reader.read()).done, true);
  await stopped.released;
  for (const look of [() => Promise.resolve(null), () => Promise.reject(new Error("failed"))]) {
    const ended = start(look);
    while (!(await ended.reader.read()).done);
    await ended.released;
  }
});

Deno.test("no state is read for a client that reads nothing", async () => {
  let looks = 0;
  const busy = Promise.withResolvers<void>();
  const idle = start(() => Promise.resolve(new Map([["region", `${++looks}`]])));
  let others = 0;
  const reading = start(() => {
    if (++others === 50) busy.resolve();
    return Promise.resolve(new Map([["region", `${others}`]]));
  });
  const read = (async () => {
    while (!(await reading.reader.read()).done);
  })();
  await busy.promise;
  assertLess(looks, 10);
  reading.end();
  await read;
  await idle.reader.cancel();
});
