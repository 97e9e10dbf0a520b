import { assertEquals } from "@std/assert";
import { type Behaviour, Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-x86_64.pkg.tar.zst";
const SIZE = 2_000_000;
const bytes = packageBytes(SIZE, 1);

async function appWith(...behaviours: Behaviour[]): Promise<TestApp> {
  const app = await TestApp.start();
  app.put(PATH, bytes);
  app.mirror.behave(PATH, behaviours, 1);
  return app;
}

Deno.test("a resumed download of a file that is not in the cache gets 206 from where it stopped", async (t) => {
  for (const behaviours of [[], [{ kind: "noLength" }]] as const) {
    for (const start of [1, 700_000, SIZE - 1]) {
      await t.step(
        `from ${start}, ${behaviours.length === 0 ? "with" : "without"} a length`,
        async () => {
          await using app = await appWith(...behaviours);
          const answer = await app.get(PATH, { range: `bytes=${start}-` });
          assertEquals(answer.status, 206);
          assertEquals(answer.headers.get("content-range"), `bytes ${start}-${SIZE - 1}/${SIZE}`);
          assertEquals(answer.isComplete, true);
          assertEquals(answer.body, bytes.slice(start));
          await app.settled();
          // The whole file is in the cache nevertheless.
          const hit = await app.get(PATH);
          assertEquals(hit.headers.get("x-cache"), "HIT");
          assertEquals(hit.body, bytes);
          assertEquals(app.count(PATH), 1);
        },
      );
    }
  }
});

Deno.test("a range that has arrived is served from the part file", async () => {
  const gate = new Gate();
  await using app = await appWith({ kind: "gate", gate, bytes: 500_000 });
  using first = await app.open(PATH);
  await first.peek(499_999);
  const answer = await app.get(PATH, { range: "bytes=100000-199999" });
  assertEquals([answer.status, answer.headers.get("x-cache")], [206, "JOIN"]);
  assertEquals(answer.headers.get("content-range"), `bytes 100000-199999/${SIZE}`);
  assertEquals(answer.body, bytes.slice(100_000, 200_000));
  assertEquals(app.count(PATH), 1);
  gate.release();
  assertEquals((await first.finish()).body, bytes);
});

Deno.test("a range whose start is near waits for the download", async () => {
  const gate = new Gate();
  await using app = await appWith({ kind: "gate", gate, bytes: 500_000 });
  using first = await app.open(PATH);
  await first.peek(499_999);
  using resumed = await app.open(PATH, { headers: { range: "bytes=600000-" } });
  gate.release();
  const answer = await resumed.finish();
  assertEquals([answer.status, answer.headers.get("x-cache")], [206, "JOIN"]);
  assertEquals(answer.body, bytes.slice(600_000));
  assertEquals((await first.finish()).body, bytes);
  assertEquals(app.count(PATH), 1);
});

Deno.test("clients that resume far ahead share one transfer beside the slow download", async () => {
  await using app = await TestApp.start({});
  app.put(PATH, bytes);
  const gate = new Gate();
  app.mirror.behave(PATH, { kind: "gate", gate, bytes: 100_000 }, 1);
  using first = await app.open(PATH);
  await first.peek(99_999);
  const start = 1_500_000;
  const clients = Array.from(
    { length: 5 },
    (_, index) => app.get(PATH, { range: `bytes=${start + index}-${start + 200_000}` }),
  );
  for (const [index, answer] of (await Promise.all(clients)).entries()) {
    assertEquals([answer.status, answer.headers.get("x-cache")], [206, "JOIN"]);
    assertEquals(answer.isComplete, true);
    assertEquals(answer.body, bytes.slice(start + index, start + 200_001));
  }
  assertEquals(app.count(PATH), 2);
  gate.release();
  assertEquals((await first.finish()).body, bytes);
  await app.settled();
  assertEquals((await app.get(PATH)).headers.get("x-cache"), "HIT");
});

Deno.test("If-Range on a file in flight gets the range for its ETag, and the whole file for another", async () => {
  const gate = new Gate();
  await using app = await appWith({ kind: "gate", gate, bytes: 500_000 });
  using first = await app.open(PATH);
  const etag = (await first.head()).headers.get("etag")!;
  await first.peek(499_999);
  const same = await app.get(PATH, { "range": "bytes=10-19", "if-range": etag });
  assertEquals([same.status, same.body], [206, bytes.slice(10, 20)]);
  using other = await app.open(PATH, { headers: { "range": "bytes=10-19", "if-range": '"x"' } });
  assertEquals((await other.head()).status, 200);
  gate.release();
  assertEquals((await other.finish()).body, bytes);
});
