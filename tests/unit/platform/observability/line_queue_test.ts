import { assert, assertEquals, assertLess } from "@std/assert";
import { eventLoopTurn } from "../../../../src/async/event_loop_turn.ts";
import { LineQueue } from "../../../../src/platform/observability/line_queue.ts";

/** An output that writes when it is let, `atMost` bytes at a time. */
class StuckOutput {
  text = "";
  writes = 0;
  #gate: PromiseWithResolvers<void> | null = Promise.withResolvers();

  constructor(readonly atMost = Infinity) {}

  release(): void {
    this.#gate?.resolve();
    this.#gate = null;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.writes++;
    await this.#gate?.promise;
    const written = bytes.subarray(0, Math.min(this.atMost, bytes.length));
    this.text += new TextDecoder().decode(written);
    return written.length;
  }
}

Deno.test("lines are written whole and in order, also in parts of lines", async () => {
  const output = new StuckOutput(7);
  output.release();
  const queue = new LineQueue(output, () => {});
  for (let number = 0; number < 50; number++) queue.add(`line ${number}`);
  await queue.flushed();
  const lines = Array.from({ length: 50 }, (_, number) => `line ${number}\n`);
  assertEquals(output.text, lines.join(""));
});

Deno.test("lines of the same turn are one write", async () => {
  const output = new StuckOutput();
  output.release();
  const queue = new LineQueue(output, () => {});
  for (let number = 0; number < 100; number++) queue.add(`line ${number}`);
  await queue.flushed();
  assertEquals(output.writes, 1);
});

Deno.test("a line that is added while the queue falls idle is written, too", async () => {
  for (let ticks = 0; ticks < 20; ticks++) {
    const output = new StuckOutput();
    output.release();
    const queue = new LineQueue(output, () => {});
    queue.add("first");
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    queue.add("second");
    await eventLoopTurn();
    assertEquals(output.text, "first\nsecond\n", `after ${ticks} ticks`);
  }
});

Deno.test("lines beyond the bound are lost while nobody reads, and counted afterwards", async () => {
  const output = new StuckOutput();
  const queue: LineQueue = new LineQueue(output, (count) => queue.add(`lost ${count}`));
  const line = "x".repeat(999);
  const added = 3_000;
  for (let number = 0; number < added; number++) queue.add(line);
  output.release();
  await queue.flushed();
  const lines = output.text.trimEnd().split("\n");
  const written = lines.filter((each) => each === line).length;
  assertLess(written, added);
  assert(written > 500);
  assertEquals(lines.at(-1), `lost ${added - written}`);
  queue.add("back");
  await queue.flushed();
  assert(output.text.endsWith("\nback\n"));
});

Deno.test("a failed write loses its lines, and the next line begins on a line of its own", async () => {
  let text = "";
  let calls = 0;
  const output = {
    write: (bytes: Uint8Array) => {
      calls++;
      if (calls === 2) return Promise.reject(new Error("disk full"));
      const written = calls === 1 ? bytes.subarray(0, 3) : bytes;
      text += new TextDecoder().decode(written);
      return Promise.resolve(written.length);
    },
  };
  const queue = new LineQueue(output, () => {});
  queue.add("first");
  await queue.flushed();
  queue.add("second");
  await queue.flushed();
  assertEquals(text, "fir\nsecond\n");
});

Deno.test("patient lines wait for each other, and are written without another line", async () => {
  const written = Promise.withResolvers<string>();
  const queue = new LineQueue({
    write: (bytes) => {
      written.resolve(new TextDecoder().decode(bytes));
      return Promise.resolve(bytes.length);
    },
  }, () => {});
  for (let number = 0; number < 3; number++) {
    queue.addPatient(`line ${number}`);
    await eventLoopTurn();
  }
  assertEquals(await written.promise, "line 0\nline 1\nline 2\n");
});

Deno.test("patient lines are written at once when they are many, at the end, and before any other line", async (t) => {
  const cases: Record<string, (queue: LineQueue) => unknown> = {
    "many": (queue) => queue.addPatient("x".repeat(64 * 1024)),
    "the end": (queue) => queue.flushed(),
    "another line": (queue) => queue.add("another"),
  };
  for (const [name, act] of Object.entries(cases)) {
    await t.step(name, async () => {
      const output = new StuckOutput();
      output.release();
      const queue = new LineQueue(output, () => {});
      queue.addPatient("first");
      await eventLoopTurn();
      queue.addPatient("second");
      await eventLoopTurn();
      assertEquals(output.writes, 0);
      act(queue);
      await eventLoopTurn();
      assertEquals(output.text.startsWith("first\nsecond\n"), true, output.text.slice(0, 50));
    });
  }
});

Deno.test("patient lines that come while others are written are written later, and in order", async () => {
  const output = new StuckOutput();
  const queue = new LineQueue(output, () => {});
  queue.add("first");
  await eventLoopTurn();
  for (let number = 0; number < 100; number++) queue.addPatient(`line ${number}`);
  output.release();
  await eventLoopTurn();
  assertEquals(output.text, "first\n");
  await queue.flushed();
  const lines = Array.from({ length: 100 }, (_, number) => `line ${number}\n`);
  assertEquals(output.text, `first\n${lines.join("")}`);
  assertEquals(output.writes, 2);
});
