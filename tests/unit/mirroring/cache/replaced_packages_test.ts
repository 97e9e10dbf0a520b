import { assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { TestApp } from "../../../support/test_app.ts";
import { until } from "../../../support/until.ts";
import { ChangingRepository, signatureOf } from "../../../support/changing_repository.ts";

const repository = new ChangingRepository({ signed: false });
const FILE_NAME = "rebuilt-1-1-any.pkg.tar.zst";
const PACKAGE = repository.package(FILE_NAME);
const SIZE = 1000;

/** The package as built for the n-th time, always under one name. */
function build(number: number): Uint8Array {
  return packageBytes(SIZE, number);
}

function start(cacheRoot?: string): Promise<TestApp> {
  return TestApp.start({
    settings: { database_max_age: "0s", missing_signature_age: "0s" },
    ...(cacheRoot === undefined ? {} : { cacheRoot }),
  });
}

/** Puts a build on the mirror, with a database that lists it, which is returned. */
async function publish(app: TestApp, number: number): Promise<Uint8Array> {
  const bytes = build(number);
  const revision = await repository.revision(number, [{
    name: "rebuilt",
    version: "1-1",
    fileName: FILE_NAME,
    size: SIZE,
    sha256: sha256Of(bytes),
  }]);
  repository.put(app.mirror, revision);
  app.put(PACKAGE, bytes);
  app.put(`${PACKAGE}.sig`, signatureOf(bytes));
  return revision.db;
}

/**
 * Asks for the database until the daemon has the mirror's, and has published it. A check that began
 * before the mirror changed may answer first.
 */
async function refresh(app: TestApp, db: Uint8Array): Promise<void> {
  await until(
    "the daemon has the new database",
    async () => sha256Of((await app.get(repository.path("db"))).body) === sha256Of(db),
  );
  // The first database is sent a moment before its snapshot is published.
  await app.log.waitFor(/snapshot published/);
}

async function isCached(app: TestApp, path: string): Promise<boolean> {
  return await Deno.stat(app.pathOf(path)).then(() => true, () => false);
}

Deno.test("a rebuilt package and its signature replace the old ones when their database is published", async () => {
  await using app = await start();
  for (let number = 1; number <= 3; number++) {
    await refresh(app, await publish(app, number));
    assertEquals([await isCached(app, PACKAGE), await isCached(app, `${PACKAGE}.sig`)], [
      false,
      false,
    ]);
    for (const status of ["MISS", "HIT"]) {
      const { body, headers } = await app.warm(PACKAGE);
      const signature = await app.warm(`${PACKAGE}.sig`);
      assertEquals([headers.get("x-cache"), signature.headers.get("x-cache")], [status, status]);
      assertEquals(body, build(number));
      assertEquals(signature.body, signatureOf(build(number)));
    }
    assertEquals(app.count(PACKAGE), number);
  }
});

Deno.test("a package that a new database does not change stays in the cache", async () => {
  await using app = await start();
  await refresh(app, await publish(app, 1));
  await app.warm(PACKAGE);
  await app.warm(`${PACKAGE}.sig`);
  const { db } = await repository.revision(2, [{
    name: "rebuilt",
    version: "1-1",
    fileName: FILE_NAME,
    size: SIZE,
    sha256: sha256Of(build(1)),
  }]);
  app.put(repository.path("db"), db, { lastModified: new Date("2027-01-01") });
  await refresh(app, db);
  // So does one that the database no longer lists.
  await refresh(app, (await repository.publish(app.mirrors, 10_000)).db);
  assertEquals((await app.get(PACKAGE)).headers.get("x-cache"), "HIT");
  // A signature is asked for again after a refresh.
  assertEquals((await app.get(`${PACKAGE}.sig`)).headers.get("x-cache"), "REVALIDATED");
});

Deno.test("a download of the old build does not end up in the cache", async () => {
  await using app = await start();
  await refresh(app, await publish(app, 1));
  const gate = new Gate();
  app.mirror.behave(PACKAGE, { kind: "gate", gate, bytes: 500 }, 1);
  const begun = app.get(PACKAGE);
  await gate.reached;
  // Now the cache has the signature of the old build.
  await app.get(`${PACKAGE}.sig`);
  await refresh(app, await publish(app, 2));
  gate.release();
  const { status, isComplete, body } = await begun;
  // Refused before its first byte or broken off; or begun anew, and then it brings the new build.
  if (status === 200 && isComplete) assertEquals(body, build(2));
  await app.settled();
  assertEquals((await app.warm(PACKAGE)).body, build(2));
  assertEquals((await app.get(`${PACKAGE}.sig`)).body, signatureOf(build(2)));
});

Deno.test("packages found on disk are compared with the database, and kept if they match", async (t) => {
  for (const [found, isKept] of [[1, false], [2, true]] as const) {
    await t.step(isKept ? "the listed build" : "an older build", async () => {
      const cacheRoot = await Deno.makeTempDir();
      const path = `${cacheRoot}${PACKAGE}`;
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, build(found));
      await Deno.writeFile(`${path}.sig`, signatureOf(build(found)));
      {
        await using app = await start(cacheRoot);
        await refresh(app, await publish(app, 2));
        if (!isKept) await app.log.waitFor(/removed a package/);
      }
      // Stopping waits for work in the background.
      assertEquals([await Deno.stat(path).then(() => true, () => false)], [isKept]);
      assertEquals(await Deno.stat(`${path}.sig`).then(() => true, () => false), isKept);
      await Deno.remove(cacheRoot, { recursive: true });
    });
  }
});

Deno.test("packages found on disk are compared even if the database is not new", async () => {
  const cacheRoot = await Deno.makeTempDir();
  const path = `${cacheRoot}${PACKAGE}`;
  {
    await using app = await start(cacheRoot);
    await refresh(app, await publish(app, 2));
  }
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(path, build(1));
  {
    await using app = await start(cacheRoot);
    await publish(app, 2);
    await app.get(repository.path("db"));
    await app.log.waitFor(/removed a package/);
    assertEquals((await app.get(PACKAGE)).body, build(2));
  }
  await Deno.remove(cacheRoot, { recursive: true });
});
