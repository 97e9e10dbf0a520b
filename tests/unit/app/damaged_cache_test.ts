import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path";
import { packageBytes } from "../../support/package_bytes.ts";
import { syncDbBytes } from "../../support/sync_db_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const NAME = "foo-1-1-x86_64.pkg.tar.zst";
const PACKAGE = `/core/os/x86_64/${NAME}`;
const DATABASE = "/core/os/x86_64/core.db";
const SNAPSHOTS = ".pkgstash/snapshots/core/os/x86_64";
const bytes = packageBytes(100_000, 1);
const sha256 = encodeHex(await crypto.subtle.digest("SHA-256", bytes));
const database = await syncDbBytes([
  { name: "foo", version: "1-1", fileName: NAME, size: bytes.length, sha256 },
]);

/** An application that has the database and the package in its cache. */
async function warmApp(cacheRoot: string): Promise<TestApp> {
  const app = await TestApp.start({ cacheRoot, settings: { database_max_age: "0s" } });
  app.put(DATABASE, database);
  app.put(PACKAGE, bytes);
  assertEquals((await app.warm(DATABASE)).body, database);
  assertEquals((await app.warm(PACKAGE)).body, bytes);
  return app;
}

async function withCache(work: (cacheRoot: string) => Promise<void>): Promise<void> {
  const cacheRoot = await Deno.makeTempDir();
  try {
    await work(cacheRoot);
  } finally {
    await Deno.remove(cacheRoot, { recursive: true });
  }
}

async function blob(cacheRoot: string): Promise<string> {
  const directory = join(cacheRoot, SNAPSHOTS);
  const { members } = JSON.parse(await Deno.readTextFile(join(directory, "current.json")));
  return join(directory, members.db.blob);
}

Deno.test("a database whose files were removed while running is fetched again", async () => {
  await withCache(async (cacheRoot) => {
    await using app = await warmApp(cacheRoot);
    await Deno.remove(join(cacheRoot, SNAPSHOTS), { recursive: true });
    assertEquals((await app.get(DATABASE)).body, database);
    assertEquals((await app.get(DATABASE)).body, database);
  });
});

Deno.test("a database that was damaged on disk is fetched again after a restart", async () => {
  for (const content of [new Uint8Array(), packageBytes(database.length, 7)]) {
    await withCache(async (cacheRoot) => {
      {
        await using _app = await warmApp(cacheRoot);
      }
      await Deno.writeFile(await blob(cacheRoot), content);
      await using app = await TestApp.start({ cacheRoot });
      app.put(DATABASE, database);
      assertEquals((await app.get(DATABASE)).body, database);
    });
  }
});

Deno.test("an empty package in the cache is fetched again", async () => {
  await withCache(async (cacheRoot) => {
    await using app = await warmApp(cacheRoot);
    await Deno.writeFile(app.pathOf(PACKAGE), new Uint8Array());
    assertEquals((await app.warm(PACKAGE)).body, bytes);
    assertEquals(app.count(PACKAGE), 2);
    assertEquals((await app.get(PACKAGE)).headers.get("x-cache"), "HIT");
  });
});

Deno.test("a package that was cut short while the daemon was down is fetched again", async () => {
  await withCache(async (cacheRoot) => {
    {
      await using _app = await warmApp(cacheRoot);
    }
    await Deno.truncate(join(cacheRoot, PACKAGE), 1000);
    await using app = await TestApp.start({ cacheRoot });
    app.put(DATABASE, database);
    app.put(PACKAGE, bytes);
    await app.log.waitFor(/the database lists with other content/);
    assertEquals((await app.get(PACKAGE)).body, bytes);
  });
});

Deno.test("a part that no mirror can go on with is given up for the whole file", async () => {
  for (
    const refusal of [
      { kind: "status", code: 500 },
      { kind: "status", code: 403 },
      { kind: "wrongContentRange" },
    ] as const
  ) {
    await withCache(async (cacheRoot) => {
      const part = join(cacheRoot, ".pkgstash/parts/core/os/x86_64", NAME);
      await using app = await TestApp.start({ cacheRoot });
      app.put(PACKAGE, bytes);
      await Deno.mkdir(join(cacheRoot, ".pkgstash/parts/core/os/x86_64"), { recursive: true });
      await Deno.writeFile(`${part}.part`, bytes.subarray(0, 70_000));
      const note = { size: bytes.length, lastModified: null, etag: '"x"', mirror: "somewhere" };
      await Deno.writeTextFile(`${part}.json`, JSON.stringify(note));
      app.mirror.behave(PACKAGE, refusal, 1);
      assertEquals((await app.get(PACKAGE)).body, bytes, refusal.kind);
      assertEquals(app.mirror.requests.map(({ headers }) => headers.has("range")), [true, false]);
    });
  }
});
