import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { administer, TOKEN } from "../../support/administration.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { sha256Of } from "../../support/sha256.ts";
import { syncDbBytes } from "../../support/sync_db_bytes.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";

const NAME = "foo-1-1-x86_64.pkg.tar.zst";
const PACKAGE = `/core/os/x86_64/${NAME}`;
const DATABASE = "/core/os/x86_64/core.db";
const SNAPSHOTS = ".pkgstash/snapshots/core/os/x86_64";
const bytes = packageBytes(100_000, 1);
const database = await syncDbBytes([
  { name: "foo", version: "1-1", fileName: NAME, size: bytes.length, sha256: sha256Of(bytes) },
]);

/** An application with the database and the package in its cache. */
async function warmApp(cacheRoot: string): Promise<TestApp> {
  const app = await TestApp.start({
    cacheRoot,
    token: TOKEN,
    settings: { database_max_age: "0s" },
  });
  app.put(DATABASE, database);
  app.put(PACKAGE, bytes);
  assertEquals((await app.warm(DATABASE)).body, database);
  assertEquals((await app.warm(PACKAGE)).body, bytes);
  return app;
}

/** The path of the database in the published snapshot. */
async function databasePath(cacheRoot: string): Promise<string> {
  const directory = join(cacheRoot, SNAPSHOTS);
  const { members } = JSON.parse(await Deno.readTextFile(join(directory, "current.json")));
  return join(directory, members.db.blob);
}

Deno.test("a database whose files are removed at run time is fetched again", async () => {
  await using cache = await TempFolder.create();
  await using app = await warmApp(cache.path);
  await Deno.remove(cache.join(SNAPSHOTS), { recursive: true });
  assertEquals((await app.get(DATABASE)).body, database);
  assertEquals((await app.get(DATABASE)).body, database);
});

Deno.test("a database truncated at run time is never served short", async () => {
  await using cache = await TempFolder.create();
  await using app = await warmApp(cache.path);
  await Deno.truncate(await databasePath(cache.path), 50);
  assertEquals((await app.get(DATABASE)).body, database);
  assertEquals((await app.get(DATABASE)).body, database);
});

Deno.test("a refresh replaces a database that has rotted on disk", async () => {
  await using cache = await TempFolder.create();
  await using app = await warmApp(cache.path);
  await Deno.writeFile(await databasePath(cache.path), packageBytes(database.length, 7));
  await administer(app.origin, "/api/refresh");
  assertEquals((await app.get(DATABASE)).body, database);
});

Deno.test("a database that was damaged on disk is fetched again after a restart", async (t) => {
  const damages = { emptied: new Uint8Array(), overwritten: packageBytes(database.length, 7) };
  for (const [damage, content] of Object.entries(damages)) {
    await t.step(damage, async () => {
      await using cache = await TempFolder.create();
      {
        await using _app = await warmApp(cache.path);
      }
      await Deno.writeFile(await databasePath(cache.path), content);
      await using app = await TestApp.start({ cacheRoot: cache.path });
      app.put(DATABASE, database);
      assertEquals((await app.get(DATABASE)).body, database);
    });
  }
});

Deno.test("an empty package in the cache is fetched again", async () => {
  await using cache = await TempFolder.create();
  await using app = await warmApp(cache.path);
  await Deno.writeFile(app.pathOf(PACKAGE), new Uint8Array());
  assertEquals((await app.warm(PACKAGE)).body, bytes);
  assertEquals(app.count(PACKAGE), 2);
  assertEquals((await app.get(PACKAGE)).headers.get("x-cache"), "HIT");
});

/** What may be in the place of a cached package, by its description. */
const IN_ITS_PLACE: Record<string, (path: string) => Promise<void>> = {
  "a cut file": (path) => Deno.truncate(path, 1000),
  "a longer file": (path) => Deno.writeFile(path, new Uint8Array(1), { append: true }),
  "a directory": async (path) => {
    await Deno.remove(path);
    await Deno.mkdir(path);
  },
  "a link that leads nowhere": async (path) => {
    await Deno.remove(path);
    await Deno.symlink("nowhere", path);
  },
  "a circle of links": async (path) => {
    await Deno.remove(path);
    await Deno.symlink(path, path);
  },
};

for (const [what, put] of Object.entries(IN_ITS_PLACE)) {
  Deno.test(`${what} in place of a cached package is not a hit: the package is fetched again`, async () => {
    await using cache = await TempFolder.create();
    await using app = await warmApp(cache.path);
    // The first hit has the database read; the next ones are compared with it.
    await app.get(PACKAGE);
    await put(app.pathOf(PACKAGE));
    const { status, headers, body } = await app.warm(PACKAGE);
    assertEquals([status, headers.get("x-cache")], [200, "MISS"]);
    assertEquals(body, bytes);
    const again = await app.get(PACKAGE);
    assertEquals([again.headers.get("x-cache"), again.body], ["HIT", bytes]);
    assertEquals(app.count(PACKAGE), 2);
  });
}

Deno.test("a package truncated while the daemon was down is never served short, not even to the first client", async () => {
  await using cache = await TempFolder.create();
  {
    await using _app = await warmApp(cache.path);
  }
  await Deno.truncate(cache.join(PACKAGE), 1000);
  await using app = await TestApp.start({ cacheRoot: cache.path });
  app.put(DATABASE, database);
  app.put(PACKAGE, bytes);
  assertEquals((await app.get(PACKAGE)).body, bytes);
  assertEquals(app.log.matching(/has 1000 bytes, and 100000 were recorded/).length, 1);
});

/** Holds back every listing of a directory, until it is disposed of. */
function holdListing(directory: string): Disposable {
  const { readDir } = Deno;
  const { promise, resolve } = Promise.withResolvers<void>();
  Deno.readDir = async function* (path) {
    if (path === directory) await promise;
    yield* readDir(path);
  };
  return {
    [Symbol.dispose]() {
      Deno.readDir = readDir;
      resolve();
    },
  };
}

Deno.test("a truncated package that no database lists is never served short, not even before the cache scan", async (t) => {
  for (const path of [PACKAGE, `/cache/${NAME}`]) {
    await t.step(path, async () => {
      await using cache = await TempFolder.create();
      {
        await using app = await TestApp.start({ cacheRoot: cache.path });
        app.put(PACKAGE, bytes);
        await app.warm(PACKAGE);
      }
      await Deno.truncate(cache.join(PACKAGE), 1000);
      using held = holdListing(cache.join("core/os/x86_64"));
      await using app = await TestApp.start({ cacheRoot: cache.path });
      app.put(PACKAGE, bytes);
      const { status, body } = await app.get(path);
      held[Symbol.dispose]();
      if (path === PACKAGE) assertEquals([status, body], [200, bytes]);
      else assertEquals(status, 404);
    });
  }
});

Deno.test("a part that the only mirror cannot resume is replaced by the whole file", async (t) => {
  const refusals = [
    { kind: "status", code: 500 },
    { kind: "status", code: 403 },
    { kind: "wrongContentRange" },
  ] as const;
  for (const refusal of refusals) {
    await t.step(JSON.stringify(refusal), async () => {
      await using cache = await TempFolder.create();
      await using app = await TestApp.start({ cacheRoot: cache.path });
      app.put(PACKAGE, bytes);
      const parts = cache.join(".pkgstash/parts/core/os/x86_64");
      await Deno.mkdir(parts, { recursive: true });
      await Deno.writeFile(join(parts, `${NAME}.part`), bytes.subarray(0, 70_000));
      const sidecar = { size: bytes.length, lastModified: null, etag: '"x"', mirror: "somewhere" };
      await Deno.writeTextFile(join(parts, `${NAME}.json`), JSON.stringify(sidecar));
      app.mirror.behave(PACKAGE, refusal, 1);
      assertEquals((await app.get(PACKAGE)).body, bytes);
      const requests = app.mirror.requests.filter(({ path }) => path === PACKAGE);
      assertEquals(requests.map(({ headers }) => headers.has("range")), [true, false]);
    });
  }
});

Deno.test("a cache directory removed at run time is recreated, and everything is served", async () => {
  await using folder = await TempFolder.create();
  const cacheRoot = folder.join("cache");
  await using app = await warmApp(cacheRoot);
  await Deno.remove(cacheRoot, { recursive: true });
  assertEquals((await app.get(PACKAGE)).body, bytes);
  assertEquals((await app.get(DATABASE)).body, database);
  await app.log.waitFor(/was removed and has been recreated/);
  assertEquals((await app.warm(PACKAGE)).headers.get("x-cache"), "HIT");
  await Deno.stat(join(cacheRoot, ".pkgstash", "lock"));
  await Deno.stat(join(cacheRoot, ".pkgstash", "index.sqlite"));
  assertEquals(app.log.matching(/ERROR/), []);
});
