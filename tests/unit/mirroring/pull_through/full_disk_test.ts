// What the disk cannot take is passed on.
import { assert, assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { TOKEN, untilAwaited } from "../../../support/administration.ts";
import { DEFAULT_LAST_MODIFIED, Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { syncDbBytes } from "../../../support/sync_db_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

const NAME = "foo-1-1-x86_64.pkg.tar.zst";
const DB = "/core/os/x86_64/core.db";
const PATH = `/core/os/x86_64/${NAME}`;
const PART = `.pkgstash/parts/core/os/x86_64/${NAME}`;
const SIZE = 5_000_000;
const BODY = packageBytes(SIZE, 1);

/** A daemon whose database lists a package of these bytes. */
async function start(listed = BODY): Promise<TestApp> {
  const app = await TestApp.start({ token: TOKEN, settings: { refresh_interval: "0" } });
  const entry = { name: "foo", version: "1-1", fileName: NAME, size: SIZE };
  app.put(DB, await syncDbBytes([{ ...entry, sha256: sha256Of(listed) }]));
  app.put(PATH, BODY);
  await app.warm(DB);
  await app.log.waitFor(/snapshot published/);
  return app;
}

/**
 * Makes writes of file content fail as on a full disk, until the end of the scope or until `isFull`
 * returns false.
 */
function fillDisk(isFull: () => boolean = () => true): Disposable {
  const { write, writeSync } = Deno.FsFile.prototype;
  // Small writes are those of records.
  const fails = (bytes: Uint8Array) => bytes.length >= 1_000 && isFull();
  const error = () => Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
  Deno.FsFile.prototype.write = function (bytes: Uint8Array): Promise<number> {
    return fails(bytes) ? Promise.reject(error()) : write.call(this, bytes);
  };
  Deno.FsFile.prototype.writeSync = function (bytes: Uint8Array): number {
    if (fails(bytes)) throw error();
    return writeSync.call(this, bytes);
  };
  return {
    [Symbol.dispose]() {
      Object.assign(Deno.FsFile.prototype, { write, writeSync });
    },
  };
}

/** Makes the hashing of what is there wait until the end of the scope. */
function stallHashing(): Disposable {
  const { read } = Deno.FsFile.prototype;
  const end = Promise.withResolvers<void>();
  Deno.FsFile.prototype.read = async function (bytes: Uint8Array): Promise<number | null> {
    // Clients read less at a time.
    if (bytes.length > 512 * 1024) await end.promise;
    return await read.call(this, bytes);
  };
  return {
    [Symbol.dispose]() {
      Deno.FsFile.prototype.read = read;
      end.resolve();
    },
  };
}

/** Makes the cache one that cannot be written to. */
async function forbidWriting(app: TestApp): Promise<void> {
  await Deno.remove(app.pathOf(".pkgstash/parts"), { recursive: true }).catch(() => {});
  await Deno.writeTextFile(app.pathOf(".pkgstash/parts"), "a file where a folder has to be");
}

Deno.test("a package that cannot be stored is passed through, whole or in part", async () => {
  await using app = await start();
  await forbidWriting(app);
  const whole = await app.get(PATH);
  assertEquals([whole.status, whole.headers.get("x-cache")], [200, "PASS"]);
  assertEquals(whole.body, BODY);
  const rest = await app.get(PATH, { range: "bytes=4000000-" });
  assertEquals([rest.status, rest.headers.get("x-cache")], [206, "PASS"]);
  assertEquals(rest.headers.get("content-range"), `bytes 4000000-${SIZE - 1}/${SIZE}`);
  assertEquals(rest.body, BODY.slice(4_000_000));
  const middle = await app.get(PATH, { range: "bytes=10-19" });
  assertEquals([middle.status, middle.body], [206, BODY.slice(10, 20)]);
  assertEquals((await app.get(PATH, { range: `bytes=${SIZE}-` })).status, 416);
});

Deno.test("a wrong package passed through is complete for nobody, and puts the database in doubt", async () => {
  await using app = await start(packageBytes(SIZE, 2));
  await forbidWriting(app);
  const { status, isComplete, body } = await app.get(PATH);
  assertEquals([status, isComplete], [200, false]);
  assert(body.length < SIZE);
  assertEquals((await app.get(PATH, { range: `bytes=${SIZE - 1}-` })).status, 416);
  await app.log.waitFor(/served database may be outdated/);
});

Deno.test("clients that follow a download continue when the disk is full, and its part makes room", async () => {
  await using app = await start();
  const gate = new Gate();
  app.mirror.behave(PATH, { kind: "gate", gate, bytes: 1_000_000 }, 1);
  const clients = [await app.open(PATH), await app.open(PATH)];
  for (const client of clients) await client.peek(900_000);
  {
    using _full = fillDisk();
    gate.release();
    for (const client of clients) {
      const { status, headers, body, isComplete } = await client.finish();
      assertEquals([status, isComplete], [200, true]);
      assertEquals(headers.get("x-cache") === "PASS", false, "the head was sent before");
      assertEquals(body, BODY);
    }
    await app.settled();
    for (const suffix of ["part", "json"]) {
      assertEquals(await Deno.lstat(app.pathOf(`${PART}.${suffix}`)).catch(() => null), null);
    }
  }
  // The next one is stored, because the disk has room again.
  assertEquals((await app.warm(PATH)).body, BODY);
  assertEquals((await app.get(PATH)).headers.get("x-cache"), "HIT");
});

Deno.test("a range that waits for a download is passed through when the disk is full", async () => {
  await using app = await start();
  const gate = new Gate();
  app.mirror.behave(PATH, { kind: "gate", gate, bytes: 1_000_000 }, 1);
  using first = await app.open(PATH);
  await first.peek(900_000);
  using _full = fillDisk();
  using range = await app.open(PATH, { headers: { range: "bytes=2000000-2999999" } });
  await untilAwaited(app.origin, 2);
  gate.release();
  const { status, headers, body } = await range.finish();
  assertEquals([status, headers.get("x-cache")], [206, "PASS"]);
  assertEquals(body, BODY.slice(2_000_000, 3_000_000));
});

Deno.test("a download resumes where it stopped once there is room on a full disk", async () => {
  await using app = await start();
  let failures = 0;
  using _full = fillDisk(() => failures++ === 3);
  const { status, body, isComplete } = await app.warm(PATH);
  assertEquals([status, isComplete], [200, true]);
  assertEquals(body, BODY);
  assert(failures > 3, "the disk was never full");
  assertEquals(app.count(PATH), 1);
  assertEquals((await app.get(PATH)).headers.get("x-cache"), "HIT");
});

Deno.test("a client's part of a file that cannot be stored is verified with the rest that is passed through", async (t) => {
  for (const [what, kept] of [["right", BODY], ["wrong", packageBytes(SIZE, 2)]] as const) {
    await t.step(`a ${what} beginning`, async () => {
      await using app = await start();
      const part = app.pathOf(PART);
      await Deno.mkdir(dirname(part), { recursive: true });
      // All but the end, where the seam is proven, may be rotten.
      const bytes = BODY.slice(0, 4_000_000);
      bytes.set(kept.subarray(0, 1_000_000));
      await Deno.writeFile(`${part}.part`, bytes);
      const lastModified = DEFAULT_LAST_MODIFIED.toUTCString();
      const sidecar = { size: SIZE, lastModified, etag: null, mirror: "somewhere" };
      await Deno.writeTextFile(`${part}.json`, JSON.stringify(sidecar));
      const gate = new Gate();
      app.mirror.behave(PATH, { kind: "gate", gate, bytes: 100_000 }, 1);
      using _stalled = stallHashing();
      using client = await app.open(PATH);
      await client.peek(1000);
      using _full = fillDisk();
      gate.release();
      const { status, isComplete, body } = await client.finish();
      assertEquals([status, isComplete], [200, what === "right"]);
      if (isComplete) assertEquals(body, BODY);
      await app.settled();
    });
  }
});
