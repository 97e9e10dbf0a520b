// pacman keeps the beginning of a file that broke off, and asks for the rest at its next run.
import { assertEquals } from "@std/assert";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { syncDbBytes } from "../../../support/sync_db_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

const NAME = "foo-1-1-x86_64.pkg.tar.zst";
const DB = "/core/os/x86_64/core.db";
const PATH = `/core/os/x86_64/${NAME}`;
const SIZE = 5_000_000;
const RIGHT = packageBytes(SIZE, 1);
const WRONG = packageBytes(SIZE, 2);

function resume(app: TestApp, start: number, more: Record<string, string> = {}) {
  return app.get(PATH, { range: `bytes=${start}-`, ...more });
}

/** A daemon that has handed out all of a wrong file but its last byte, and has the right one now. */
async function afterRefusal(): Promise<TestApp> {
  const app = await TestApp.start({ settings: { refresh_interval: "0" } });
  const listed = { name: "foo", version: "1-1", fileName: NAME, size: SIZE };
  app.put(DB, await syncDbBytes([{ ...listed, sha256: sha256Of(RIGHT) }]));
  app.put(PATH, WRONG);
  await app.warm(DB);
  await app.log.waitFor(/snapshot published/);
  // It arrives too slowly to be checked before the first byte is handed out.
  const gate = new Gate();
  app.mirror.behave(PATH, { kind: "gate", gate, bytes: 1000 }, 1);
  using client = await app.open(PATH);
  await client.peek(900);
  gate.release();
  const first = await client.finish();
  assertEquals([first.status, first.isComplete], [200, false]);
  await app.settled();
  app.put(PATH, RIGHT);
  return app;
}

Deno.test("the rest of a refused file is not given to a client that may hold its beginning", async () => {
  await using app = await afterRefusal();
  const refused = await resume(app, SIZE - 1);
  assertEquals([refused.status, refused.body.length], [416, 0]);
  assertEquals(refused.headers.get("content-range"), `bytes */${SIZE}`);
  // That makes pacman drop it, and its next run is clean.
  const whole = await app.warm(PATH);
  assertEquals([whole.status, whole.isComplete], [200, true]);
  assertEquals(whole.body, RIGHT);
  // Another client may still hold it when the right file is in the cache.
  assertEquals((await resume(app, SIZE - 1)).status, 416);
  assertEquals((await resume(app, 1)).status, 416);
});

Deno.test("the rest of a refused file is not given under its name alone either", async () => {
  await using app = await afterRefusal();
  await app.warm(PATH);
  for (const path of [`/cache/${NAME}`, `/cache/arch/${NAME}`]) {
    const refused = await app.get(path, { range: `bytes=${SIZE - 1}-` });
    assertEquals([refused.status, refused.body.length], [416, 0], path);
    assertEquals((await app.get(path)).body, RIGHT, path);
  }
});

Deno.test("a range from the start, and one of the right file by its entity tag, are given after a refusal", async () => {
  await using app = await afterRefusal();
  const { headers } = await app.warm(PATH);
  const start = await app.get(PATH, { range: "bytes=0-99" });
  assertEquals([start.status, start.body], [206, RIGHT.slice(0, 100)]);
  const rest = await resume(app, 1_000_000, { "if-range": headers.get("etag")! });
  assertEquals([rest.status, rest.body], [206, RIGHT.slice(1_000_000)]);
  // A date says nothing: both files may have the same.
  const dated = await resume(app, 1_000_000, { "if-range": headers.get("last-modified")! });
  assertEquals(dated.status, 416);
});

Deno.test("ranges of a file that was never refused are given", async () => {
  await using app = await TestApp.start();
  app.put(PATH, RIGHT);
  const rest = await resume(app, SIZE - 10);
  assertEquals([rest.status, rest.body], [206, RIGHT.slice(-10)]);
});
