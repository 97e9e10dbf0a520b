import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertSameBytes } from "../../support/same_bytes.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { SMALL_DISK_NOTE, SmallDisk } from "../../support/small_disk.ts";
import { sha256Of } from "../../support/sha256.ts";
import { syncDbBytes } from "../../support/sync_db_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const MIB = 1024 * 1024;
const DIRECTORY = "/core/os/x86_64";
const DATABASE = `${DIRECTORY}/core.db`;

interface Package {
  path: string;
  fileName: string;
  bytes: Uint8Array<ArrayBuffer>;
}

function packageOf(name: string, megabytes: number): Package {
  const fileName = `${name}-1-1-any.pkg.tar.zst`;
  const bytes = packageBytes(megabytes * MIB, name.length + name.charCodeAt(name.length - 1));
  return { path: `${DIRECTORY}/${fileName}`, fileName, bytes };
}

const OLD = ["1", "2", "3", "4", "5"].map((number) => packageOf(`old${number}`, 3));

/** A daemon with its cache on a disk, a mirror with all packages, and a database of some of them. */
async function start(
  disk: SmallDisk,
  { listed, others, minFree }: {
    listed: readonly Package[];
    others: readonly Package[];
    minFree: string;
  },
): Promise<TestApp> {
  const app = await TestApp.start({
    cacheRoot: `${disk.path}/cache`,
    settings: { min_free_space: minFree, refresh_interval: "0", answer_timeout: "20s" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const database = await syncDbBytes(listed.map(({ fileName, bytes }) => ({
    name: fileName.slice(0, -"-1-1-any.pkg.tar.zst".length),
    version: "1-1",
    fileName,
    size: bytes.length,
    sha256: sha256Of(bytes),
  })));
  app.put(DATABASE, database);
  for (const { path, bytes } of [...listed, ...others]) app.put(path, bytes);
  await app.get(DATABASE);
  await app.log.waitFor(/snapshot published/);
  return app;
}

async function assertWhole(app: TestApp, { path, bytes }: Package): Promise<string | null> {
  const { status, body, isComplete, headers } = await app.get(path);
  assertEquals([status, isComplete], [200, true], path);
  assertSameBytes(body, bytes);
  await app.settled();
  return headers.get("x-cache");
}

async function isCached(app: TestApp, { path }: Package): Promise<boolean> {
  return await Deno.stat(app.pathOf(path)).then(() => true, () => false);
}

function testOnDisk(name: string, test: (disk: SmallDisk) => Promise<void>): void {
  Deno.test({
    name: `small disk: ${name}${SMALL_DISK_NOTE}`,
    ignore: SMALL_DISK_NOTE !== "",
    async fn() {
      await using disk = await SmallDisk.mount(40);
      await test(disk);
    },
  });
}

testOnDisk(
  "a full disk makes room by the retention's order, and the first request gets its file",
  async (disk) => {
    const wanted = packageOf("wanted", 4);
    const current = packageOf("current", 3);
    await using app = await start(disk, {
      listed: [current, wanted],
      others: OLD,
      minFree: "2MB",
    });
    for (const each of [current, ...OLD]) await assertWhole(app, each);
    await disk.fill();
    assert(await disk.freeBytes() < 64 * 1024);
    assertEquals(await assertWhole(app, wanted), "MISS");
    assertEquals(await assertWhole(app, wanted), "HIT");
    assertEquals(app.count(wanted.path), 1);
    const areCached = await Promise.all(OLD.map((each) => isCached(app, each)));
    assertEquals(areCached, [false, false, false, true, true], "the least recently used, no more");
    assert(await isCached(app, current));
    assert(await disk.freeBytes() >= 2 * MIB, "min_free_space holds beside the file");
  },
);

testOnDisk(
  "room above min_free_space and below the file is made before the file comes",
  async (disk) => {
    const wanted = packageOf("wanted", 8);
    await using app = await start(disk, { listed: [wanted], others: OLD, minFree: "4MB" });
    for (const each of OLD) await assertWhole(app, each);
    await disk.fill(5 * MIB);
    assertEquals(await assertWhole(app, wanted), "MISS");
    assertEquals(await assertWhole(app, wanted), "HIT");
    assert(await disk.freeBytes() >= 4 * MIB);
  },
);

testOnDisk("files that come at the same moment do not count on the same room", async (disk) => {
  const wanted = ["a", "b", "c"].map((name) => packageOf(`wanted-${name}`, 5));
  await using app = await start(disk, { listed: wanted, others: OLD, minFree: "0" });
  for (const each of OLD) await assertWhole(app, each);
  await disk.fill(6 * MIB);
  await Promise.all(wanted.map((each) => assertWhole(app, each)));
  for (const each of wanted) assertEquals(await assertWhole(app, each), "HIT", each.path);
});

testOnDisk(
  "a file larger than the disk is passed through, and nothing makes way for it",
  async (disk) => {
    const huge = packageOf("huge", 50);
    await using app = await start(disk, { listed: [huge], others: OLD, minFree: "1MB" });
    for (const each of OLD) await assertWhole(app, each);
    await assertWhole(app, huge);
    const areCached = await Promise.all([huge, ...OLD].map((each) => isCached(app, each)));
    assertEquals(areCached, [false, true, true, true, true, true]);
  },
);

testOnDisk(
  "a min_free_space out of reach costs no current package, and the log says so",
  async (disk) => {
    const wanted = packageOf("wanted", 1);
    await using app = await start(disk, {
      listed: [...OLD, wanted],
      others: [],
      minFree: "1MB",
    });
    for (const each of OLD) await assertWhole(app, each);
    app.app.reconfigure({ ...app.app.config, minFreeBytes: 1024 ** 3 });
    await assertWhole(app, wanted);
    for (const each of [...OLD, wanted]) assert(await isCached(app, each), each.path);
    assertEquals(app.log.matching(/cannot keep min_free_space/).length, 1);
  },
);

testOnDisk(
  "the daemon starts on a full disk, serves what it has, and loses no record",
  async (disk) => {
    const [kept] = OLD as [Package];
    const options = { listed: OLD, others: [], minFree: "0" };
    {
      await using app = await start(disk, options);
      await assertWhole(app, kept);
    }
    await disk.fill();
    await using app = await TestApp.start({
      cacheRoot: `${disk.path}/cache`,
      token: "secret-of-the-tests",
      settings: { min_free_space: "0", refresh_interval: "0" },
      tables: () => `mirrored_repos = ["core"]\n`,
    });
    for (let hit = 0; hit < 3; hit++) assertEquals(await assertWhole(app, kept), "HIT");
    const ask = async (path: string) =>
      JSON.parse((await app.get(path, { authorization: "Bearer secret-of-the-tests" })).text);
    const usesOf = async () => (await ask(`/api/v1/packages${kept.path}`)).uses;
    const problem = async () => (await ask("/api/v1/status")).cache.problem;
    await usesOf();
    assertMatch(await problem(), /No space left on device/);
    await disk.drain();
    assertEquals(await problem(), null);
    // One before the restart.
    assertEquals(await usesOf(), 4);
  },
);
