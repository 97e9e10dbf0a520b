import { assert, assertEquals } from "@std/assert";
import { TOKEN, untilAwaited } from "../../../support/administration.ts";
import { type Behaviour, FakeMirror, Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { TempFolder } from "../../../support/temp_folder.ts";
import { TestApp, type TestAppOptions } from "../../../support/test_app.ts";

const ISO = "/iso/latest/a.iso";
const SIZE = 1_000_000;
const body = packageBytes(SIZE, 1);
const newer = { lastModified: new Date("2026-11-02T12:00:00Z") };

const control = (value: string): Behaviour => ({
  kind: "headers",
  headers: { "Cache-Control": value },
});

function start(options: TestAppOptions = {}): Promise<TestApp> {
  return TestApp.start({
    token: TOKEN,
    ...options,
    tables: () => 'extra_paths = ["lastsync", "iso/**", "pool/*/*.pkg.tar.zst"]\n',
  });
}

/** An application that has fetched a file that its mirror sends with a Cache-Control. */
async function withFile(cacheControl: string, options?: TestAppOptions): Promise<TestApp> {
  const app = await start(options);
  for (const mirror of app.mirrors) mirror.behave(ISO, control(cacheControl));
  app.put(ISO, body);
  await app.warm(ISO);
  return app;
}

Deno.test("a file of extra_paths is passed through as it is on the mirror", async () => {
  await using app = await start();
  app.put(ISO, body);
  const { status, headers, body: received } = await app.get(ISO);
  assertEquals([status, headers.get("x-cache")], [200, "MISS"]);
  assertEquals(received, body);
  assertEquals(headers.get("last-modified"), "Sun, 01 Nov 2026 12:00:00 GMT");
});

Deno.test("a path that is not listed is 404, and no mirror is asked", async () => {
  await using app = await start();
  for (const path of ["/other", "/lastsync/x", "/pool/a.pkg.tar.zst", "/isolation/a", "/iso/"]) {
    app.put(path, body);
    assertEquals((await app.get(path)).status, 404, path);
  }
  assertEquals(app.count(), 0);
});

Deno.test("a fresh file is a hit, also for HEAD and for a range", async () => {
  await using app = await withFile("max-age=3600");
  const whole = await app.get(ISO);
  assertEquals([whole.status, whole.headers.get("x-cache")], [200, "HIT"]);
  assertEquals(whole.body, body);
  assertEquals(whole.headers.get("cache-control"), "max-age=3600");
  assert(/^[0-9]+$/.test(whole.headers.get("age") ?? ""));
  const head = await app.request("HEAD", ISO);
  assertEquals([head.status, head.headers.get("content-length")], [200, String(SIZE)]);
  const range = await app.get(ISO, { range: "bytes=10-19" });
  assertEquals([range.status, range.body], [206, body.subarray(10, 20)]);
  const etag = whole.headers.get("etag")!;
  assertEquals((await app.get(ISO, { "if-none-match": etag })).status, 304);
  assertEquals(app.count(ISO), 1);
});

Deno.test("a stale file is requested with its validators, and one request revalidates it for all clients", async () => {
  await using app = await withFile("no-cache");
  const gate = new Gate();
  app.mirror.behave(ISO, [control("no-cache"), { kind: "hangBeforeHeaders", gate }]);
  const all = [app.get(ISO), app.get(ISO), app.get(ISO)];
  await untilAwaited(app.origin, 3);
  gate.release();
  for (const { status, headers, body: received } of await Promise.all(all)) {
    assertEquals([status, headers.get("x-cache")], [200, "REVALIDATED"]);
    assertEquals(received, body);
  }
  const [, asked, ...others] = app.mirror.requests;
  assertEquals(others, []);
  assertEquals(asked!.headers.get("if-modified-since"), "Sun, 01 Nov 2026 12:00:00 GMT");
  assert(asked!.headers.get("if-none-match")?.startsWith('"'));
});

Deno.test("a new file is sent as soon as revalidation finds it, and replaces the old one", async () => {
  await using app = await withFile("no-cache");
  const changed = packageBytes(SIZE, 2);
  app.put(ISO, changed, newer);
  const { headers, body: received } = await app.get(ISO);
  assertEquals(received, changed);
  assertEquals(headers.get("x-cache"), "MISS");
  await app.settled();
  assertEquals((await app.get(ISO)).headers.get("x-cache"), "REVALIDATED");
  assertEquals(app.count(ISO), 3);
  const names = [...Deno.readDirSync(app.pathOf(".pkgstash/extra/iso/latest"))];
  assertEquals(names.length, 2, "the bytes and their record");
});

Deno.test("a date in the future does not hide the files of other mirrors", async () => {
  await using app = await start({ mirrors: 2 });
  const [first, second] = app.mirrors;
  for (const mirror of app.mirrors) mirror.behave(ISO, control("no-cache"));
  first!.put(ISO, body, { lastModified: new Date("2099-01-01T00:00:00Z"), etag: null });
  assertEquals((await app.warm(ISO)).body, body);
  await first!.down();
  second!.put(ISO, packageBytes(SIZE, 2), { etag: null });
  assertEquals((await app.warm(ISO)).body, packageBytes(SIZE, 2));
});

Deno.test("a 304 makes a file fresh again, for as long as it says", async () => {
  await using app = await withFile("max-age=0");
  app.mirror.behave(ISO, control("max-age=3600"));
  assertEquals((await app.get(ISO)).headers.get("x-cache"), "REVALIDATED");
  assertEquals((await app.get(ISO)).headers.get("x-cache"), "HIT");
  assertEquals(app.count(ISO), 2);
});

Deno.test("a client that insists gets the mirror's file", async () => {
  await using app = await withFile("max-age=3600");
  app.put(ISO, packageBytes(SIZE, 2), newer);
  assertEquals((await app.get(ISO)).body, body);
  const { body: received } = await app.get(ISO, { "cache-control": "no-cache" });
  assertEquals(received, packageBytes(SIZE, 2));
});

Deno.test("a file that must not be stored is fetched for each request", async () => {
  await using app = await withFile("no-store");
  assertEquals((await app.get(ISO)).headers.get("x-cache"), "MISS");
  assertEquals(app.mirror.requests.map(({ headers }) => headers.get("if-none-match")), [
    null,
    null,
  ]);
});

Deno.test("a stale file is sent when all mirrors are down, unless its mirror forbids that", async () => {
  await using app = await withFile("max-age=0");
  await app.mirror.down();
  const stale = await app.get(ISO);
  assertEquals([stale.status, stale.headers.get("x-cache")], [200, "STALE"]);
  assertEquals(stale.body, body);
  await app.mirror.up();

  await using strict = await withFile("no-cache");
  await strict.mirror.down();
  assertEquals((await strict.get(ISO)).status, 502);
  await strict.mirror.up();
});

Deno.test("a stale file does not wait for a hanging mirror, and the revalidation continues", async () => {
  await using app = await withFile("max-age=0");
  const gate = new Gate();
  app.mirror.behave(ISO, [control("max-age=3600"), { kind: "hangBeforeHeaders", gate }]);
  // A third of it is for the client, the rest for what the test does then.
  app.setAnswerTimeout(9_000);
  assertEquals((await app.get(ISO)).headers.get("x-cache"), "STALE");
  assertEquals(app.mirror.abandoned, 0);
  gate.release();
  await app.settled();
  assertEquals((await app.get(ISO)).headers.get("x-cache"), "HIT");
});

Deno.test("a file gone from the mirrors is gone here, and not requested again at once", async () => {
  await using app = await withFile("max-age=0");
  app.mirror.remove(ISO);
  assertEquals((await app.get(ISO)).status, 404);
  assertEquals((await app.get(ISO)).status, 404);
  assertEquals(app.count(ISO), 2);
  assertEquals([...Deno.readDirSync(app.pathOf(".pkgstash/extra/iso/latest"))], []);
});

Deno.test("a HEAD of a miss fetches nothing", async () => {
  await using app = await start();
  app.put(ISO, body);
  const { status, headers } = await app.request("HEAD", ISO);
  assertEquals([status, headers.get("content-length")], [200, String(SIZE)]);
  assertEquals(app.mirror.requests.map(({ method }) => method), ["HEAD"]);
});

Deno.test("clients of a large file share one transfer, which another mirror continues", async () => {
  await using app = await start({ mirrors: 2 });
  app.put(ISO, body);
  const gate = new Gate();
  for (const mirror of app.mirrors) {
    mirror.behave(
      ISO,
      [{ kind: "gate", gate, bytes: 1000 }, { kind: "cutAfter", bytes: 200_000 }],
      1,
    );
  }
  const all = [app.get(ISO), app.get(ISO)];
  await gate.reached;
  gate.release();
  for (const answer of await Promise.all(all)) assertEquals(answer.body, body);
  assertEquals(app.mirrors.map((mirror) => mirror.requests[0]?.headers.has("range")).sort(), [
    false,
    true,
  ]);
});

Deno.test("a file whose length nothing proves is not accepted", async () => {
  await using app = await start();
  app.put(ISO, body);
  app.mirror.behave(ISO, [{ kind: "closeDelimited" }, { kind: "cutAfter", bytes: 1000 }]);
  const answer = await app.get(ISO).catch(() => null);
  assert(answer === null || answer.status !== 200 || answer.body.length < 1000);
  assertEquals((await app.get(ISO).catch(() => null))?.headers.get("x-cache") === "HIT", false);
});

Deno.test("tricks with the path reach neither mirror nor disk", async () => {
  await using app = await TestApp.start({ tables: () => 'extra_paths = ["**"]\n' });
  app.put("/x", body);
  const targets = [
    "/iso/../x",
    "/iso/%2e%2e/x",
    "/iso/.%2e/x",
    "/iso%2f..%2fx",
    "/iso/..%5cx",
    "//x",
    "/./x",
    "/.pkgstash/index.sqlite",
    "/%2epkgstash/index.sqlite",
    "/core/os/x86_64/x.html",
    "/x%00",
    "/x/",
  ];
  for (const target of targets) assertEquals((await app.get(target)).status, 404, target);
  assertEquals(app.count(), 0);
  // An encoded percent sign is one, for the mirror too.
  await app.get("/iso/%252e%252e/x");
  assertEquals(app.mirror.requests.map(({ path }) => path), ["/iso/%252e%252e/x"]);
});

Deno.test("a restart resumes interrupted downloads, and keeps cached files", async () => {
  await using folder = await TempFolder.create();
  await using mirror = await FakeMirror.start();
  const open = () =>
    TestApp.start({
      cacheRoot: folder.path,
      settings: { mirror_urls: [mirror.url], drain_timeout: "0" },
      tables: () => 'extra_paths = ["**"]\n',
    });
  mirror.behave("*", control("max-age=3600"));
  mirror.put(ISO, body);
  mirror.put("/lastsync", body);
  mirror.behave(ISO, { kind: "stallAfter", bytes: 500_000 }, 1);
  {
    await using app = await open();
    await app.warm("/lastsync");
    using client = await app.open(ISO);
    await client.peek(400_000);
  }
  await using app = await open();
  assertEquals((await app.get(ISO)).body, body);
  assertEquals((await app.get("/lastsync")).headers.get("x-cache"), "HIT");
  assertEquals(mirror.requests.map(({ path, headers }) => [path, headers.has("range")]), [
    ["/lastsync", false],
    [ISO, false],
    [ISO, true],
  ]);
});
