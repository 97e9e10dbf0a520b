import { assertEquals } from "@std/assert";
import { TOKEN } from "../../support/administration.ts";
import { signatureOf } from "../../support/changing_repository.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { sha256Of } from "../../support/sha256.ts";
import { syncDbBytes } from "../../support/sync_db_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const FILE = "foo-1:1+2-1-any.pkg.tar.zst";
const CORE = `/core/os/x86_64/${FILE}`;
const EXTRA = `/extra/os/x86_64/${FILE}`;
const bytes = packageBytes(200_000, 1);

Deno.test("a cached package is found by its file name alone, in any encoding", async () => {
  await using app = await TestApp.start();
  app.put(CORE, bytes);
  await app.warm(CORE);
  for (const name of [FILE, encodeURIComponent(FILE)]) {
    const { status, headers, body } = await app.get(`/cache/${name}`);
    assertEquals([status, headers.get("x-cache")], [200, "HIT"]);
    assertEquals(body, bytes);
  }
  const byPath = await app.request("HEAD", CORE);
  const flat = await app.request("HEAD", `/cache/${FILE}`);
  for (const name of ["content-length", "content-type", "last-modified", "etag", "accept-ranges"]) {
    assertEquals(flat.headers.get(name), byPath.headers.get(name));
  }
  const range = await app.get(`/cache/${FILE}`, { range: "bytes=1000-" });
  assertEquals(range.status, 206);
  assertEquals(range.headers.get("content-range"), "bytes 1000-199999/200000");
  assertEquals(range.body, bytes.slice(1000));
  const known = await app.get(`/cache/${FILE}`, { "if-none-match": flat.headers.get("etag")! });
  assertEquals(known.status, 304);
});

Deno.test("a hit by the file name counts as a use of the package", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  app.put(CORE, bytes);
  await app.warm(CORE);
  const uses = async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const { body } = await app.get("/api/v1/packages", headers);
    return JSON.parse(new TextDecoder().decode(body)).packages[0].uses;
  };
  const before = await uses();
  await app.get(`/cache/${FILE}`);
  await app.request("HEAD", `/cache/${FILE}`);
  assertEquals(await uses(), before + 1);
});

Deno.test("a signature is found by its file name", async () => {
  await using app = await TestApp.start();
  const signature = signatureOf(bytes);
  app.put(CORE, bytes);
  app.put(`${CORE}.sig`, signature);
  await app.warm(CORE);
  app.put(CORE, bytes);
  await app.warm(CORE);
  await app.warm(`${CORE}.sig`);
  assertEquals((await app.get(`/cache/${FILE}.sig`)).body, signature);
});

Deno.test("an uncached file gets 404, and no mirror is asked", async (t) => {
  await using app = await TestApp.start();
  app.put(CORE, bytes);
  for (const name of [FILE, `${FILE}.sig`, "core.db", "", "x", "lock", "VERSION", `${FILE}/`]) {
    await t.step(`/cache/${name}`, async () => {
      assertEquals((await app.get(`/cache/${name}`)).status, 404);
    });
  }
  assertEquals(app.count(), 0);
});

Deno.test("a download in flight is not in the cache yet", async () => {
  await using app = await TestApp.start();
  app.put(CORE, bytes);
  app.mirror.behave(CORE, { kind: "stallAfter", bytes: 50_000 }, 1);
  using client = await app.open(CORE);
  await client.peek(1);
  assertEquals((await app.get(`/cache/${FILE}`)).status, 404);
});

Deno.test("a file name that means different files in two repositories is 404", async () => {
  await using app = await TestApp.start();
  app.put(CORE, bytes);
  app.put(EXTRA, packageBytes(200_001, 2));
  await app.warm(CORE);
  assertEquals((await app.get(`/cache/${FILE}`)).status, 200);
  await app.warm(EXTRA);
  assertEquals((await app.get(`/cache/${FILE}`)).status, 404);
});

Deno.test("a file that is the same in two repositories is found", async () => {
  await using app = await TestApp.start();
  for (const path of [CORE, EXTRA]) {
    app.put(path, bytes);
    await app.warm(path);
  }
  assertEquals((await app.get(`/cache/${FILE}`)).body, bytes);
});

Deno.test("two undated files of equal size are not the same file", async () => {
  await using app = await TestApp.start();
  app.put(CORE, bytes, { lastModified: null });
  app.put(EXTRA, packageBytes(200_000, 2), { lastModified: null });
  for (const path of [CORE, EXTRA]) await app.warm(path);
  assertEquals((await app.get(`/cache/${FILE}`)).status, 404);
});

Deno.test("a package's usual path works for a CacheServer too", async () => {
  await using app = await TestApp.start();
  app.put(CORE, bytes);
  await app.warm(CORE);
  await app.mirror.down();
  assertEquals((await app.get(CORE)).body, bytes);
});

/** A second upstream for another architecture, on the same mirrors. */
const ARM = {
  tables: ([mirror]: readonly { url: string }[]) =>
    `[upstreams.alarm]\nmirror_urls = ["${mirror!.url}"]\nmirrored_repos = ["core"]\n` +
    `architectures = ["aarch64"]\nupstream_layout = "$arch/$repo"\n`,
};
const ARM_CORE = "/alarm/aarch64/core";

/** Publishes a database that lists `FILE` with these bytes, on the mirrors and here. */
async function publish(app: TestApp, paths: { mirror: string; here: string }, body: Uint8Array) {
  app.put(
    paths.mirror,
    await syncDbBytes([{
      name: "foo",
      version: "1:1+2-1",
      fileName: FILE,
      size: body.length,
      sha256: sha256Of(body),
    }]),
  );
  const before = app.log.matching(/snapshot published/).length;
  await app.get(paths.here);
  await app.log.waitFor(/snapshot published/, before + 1);
}

Deno.test("a name that two databases give to different packages gets 404, even if one is cached", async () => {
  await using app = await TestApp.start(ARM);
  const other = packageBytes(200_000, 2);
  app.put(CORE, bytes);
  app.put(`/aarch64/core/${FILE}`, other);
  await publish(app, { mirror: "/core/os/x86_64/core.db", here: "/core/os/x86_64/core.db" }, bytes);
  await publish(app, { mirror: "/aarch64/core/core.db", here: `${ARM_CORE}/core.db` }, other);
  await app.warm(CORE);
  assertEquals((await app.get(`/cache/${FILE}`)).status, 404);
  assertEquals((await app.get(`/cache/arch/${FILE}`)).body, bytes);
  assertEquals((await app.get(`/cache/alarm/${FILE}`)).status, 404);
  await app.warm(`${ARM_CORE}/${FILE}`);
  assertEquals((await app.get(`/cache/${FILE}`)).status, 404);
  assertEquals((await app.get(`/cache/alarm/${FILE}`)).body, other);
});

Deno.test("an architecture whose database nobody requested may have another file with the name", async () => {
  await using app = await TestApp.start(ARM);
  app.put(CORE, bytes);
  app.put(CORE.replace("any", "x86_64"), bytes);
  await app.warm(CORE);
  await app.warm(CORE.replace("any", "x86_64"));
  assertEquals((await app.get(`/cache/${FILE}`)).status, 404);
  assertEquals((await app.get(`/cache/arch/${FILE}`)).status, 200);
  // No other architecture has a file of this name.
  assertEquals((await app.get(`/cache/${FILE.replace("any", "x86_64")}`)).status, 200);
  await publish(app, { mirror: "/aarch64/core/core.db", here: `${ARM_CORE}/core.db` }, bytes);
  assertEquals((await app.get(`/cache/${FILE}`)).body, bytes);
});

Deno.test("files with the same size and date are distinguished by their content", async () => {
  await using app = await TestApp.start();
  app.put(CORE, bytes);
  app.put(EXTRA, packageBytes(200_000, 2));
  for (const path of [CORE, EXTRA]) await app.warm(path);
  assertEquals((await app.get(`/cache/${FILE}`)).status, 404);
});

Deno.test("a flat path of an upstream that does not exist is 404", async () => {
  await using app = await TestApp.start();
  app.put(CORE, bytes);
  await app.warm(CORE);
  for (const path of [`/cache/nothing/${FILE}`, `/cache/arch/core/${FILE}`, "/cache/arch/"]) {
    assertEquals((await app.get(path)).status, 404, path);
  }
});
