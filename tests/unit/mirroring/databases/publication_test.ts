import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { CopiedSet } from "../../../../src/mirroring/databases/copy_set.ts";
import { SetNames } from "../../../../src/mirroring/databases/copy_set.ts";
import { publishSet } from "../../../../src/mirroring/databases/publication.ts";
import { mirrorAt } from "../../../../src/mirroring/mirrors/mirror.ts";
import { PackageIndex } from "../../../../src/repositories/package_index.ts";
import { SnapshotStore } from "../../../../src/repositories/snapshot_store.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

const REPOSITORY = { upstream: "arch", name: "core", architecture: "x86_64", directory: "core" };
const HOUR_MS = 3_600_000;

/** A store in a folder, and a set whose database is dated `lastModified`. */
async function prepare(folder: string) {
  const store = new SnapshotStore({ snapshotsOf: () => folder });
  await store.current(REPOSITORY);
  const setDated = async (lastModified: Date | null): Promise<CopiedSet> => {
    const names = new SetNames("core");
    const path = join(folder, names.blob("db"));
    await Deno.writeTextFile(path, names.generation);
    return {
      mirror: mirrorAt("http://one.test/", "$repo"),
      names,
      database: {
        path,
        sha256: names.generation,
        size: 1,
        receivedAt: 0,
        description: { lastModified: lastModified?.toUTCString() ?? null, etag: null, size: 1 },
      },
      index: new PackageIndex({ packages: [], problems: [] }),
      companions: {},
      hasWrongSignature: false,
    };
  };
  const publish = async (set: CopiedSet, onNewDatabase = () => Promise.resolve()) =>
    await publishSet(set, { awaitsSignature: false, rolledBack: false }, {
      repository: REPOSITORY,
      store,
      current: await store.current(REPOSITORY),
      mirrorSet: "",
      filesAskedAt: 0,
      undatedAt: () => 0,
      onNewDatabase,
    });
  const dateOf = async (set: CopiedSet) => (await Deno.stat(set.database.path)).mtime!.getTime();
  return { store, setDated, publish, dateOf };
}

Deno.test("replaced packages are removed before a database is published, and once more after that", async () => {
  await using folder = await TempFolder.create();
  const { store, setDated, publish } = await prepare(folder.path);
  const served: (string | null)[] = [];
  const set = await setDated(null);
  await publish(set, async () => {
    served.push((await store.current(REPOSITORY))?.generation ?? null);
  });
  // The second time catches packages that came into the cache in between.
  assertEquals(served, [null, set.names.generation]);
});

Deno.test("a published database is dated later than the one before, and never ahead of the clock", async () => {
  await using folder = await TempFolder.create();
  const { setDated, publish, dateOf } = await prepare(folder.path);
  const start = Date.now();
  // Nine minutes are within what two clocks may be apart.
  const hours = [-9, -8, -10, 240, null, 0.15, -1];
  let before = 0;
  for (const hour of hours) {
    const set = await setDated(hour === null ? null : new Date(start + hour * HOUR_MS));
    await publish(set);
    const date = await dateOf(set);
    assertEquals(date > before, true, `${hour}`);
    assertEquals(date <= Date.now() + 5_000, true, `${hour}`);
    before = date;
  }
});

Deno.test("a database that an older version dated ahead is dated now when it is loaded", async () => {
  await using folder = await TempFolder.create();
  const { setDated, publish, dateOf } = await prepare(folder.path);
  const set = await setDated(null);
  await Deno.writeTextFile(set.database.path, "abc");
  const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  await publish({ ...set, database: { ...set.database, sha256 } });
  const ahead = new Date("2071-01-01");
  await Deno.utime(set.database.path, ahead, ahead);
  const reloaded = new SnapshotStore({ snapshotsOf: () => folder.path });
  assertEquals((await reloaded.current(REPOSITORY))?.sha256, sha256);
  assertEquals(await dateOf(set) <= Date.now(), true);
  // What replaces it is dated by the clock at most.
  const next = await setDated(new Date());
  await publish(next);
  assertEquals(await dateOf(next) <= Date.now() + 60_000, true);
});
