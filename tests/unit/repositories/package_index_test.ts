import { assertEquals } from "@std/assert";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";
import { ChangingRepository, signatureOf } from "../../support/changing_repository.ts";
import { assertSameBytes } from "../../support/same_bytes.ts";

const repository = new ChangingRepository({ signed: false });
const FILE_NAME = "carried-1-1-any.pkg.tar.zst";
const SIGNATURE = repository.package(`${FILE_NAME}.sig`);
const CARRIED = signatureOf(packageBytes(1000, 1));

/** A daemon with a database that contains a signature. */
async function start(pgpsig: string): Promise<TestApp> {
  const app = await TestApp.start({ settings: { database_max_age: "1h" } });
  const revision = await repository.revision(1, [{
    name: "carried",
    version: "1-1",
    fileName: FILE_NAME,
    size: 1000,
    sha256: "0".repeat(64),
    pgpsig,
  }]);
  repository.put(app.mirror, revision);
  await app.get(repository.path("db"));
  await app.log.waitFor(/snapshot published/);
  return app;
}

const base64 = btoa(String.fromCharCode(...CARRIED));

for (const isUp of [true, false]) {
  const why = isUp ? "no mirror has it" : "all mirrors are down";
  Deno.test(`a signature in the database is served if ${why}`, async () => {
    await using app = await start(base64);
    if (!isUp) await app.mirror.down();
    const { status, body } = await app.get(SIGNATURE);
    assertEquals(status, 200);
    assertSameBytes(body, CARRIED);
    const asked = app.count(SIGNATURE);
    const again = await app.get(SIGNATURE);
    assertEquals(again.headers.get("x-cache"), "HIT");
    assertSameBytes(again.body, CARRIED);
    assertEquals(app.count(SIGNATURE), asked);
  });
}

Deno.test("a signature from a mirror is preferred to the one in the database", async () => {
  await using app = await start(base64);
  const other = signatureOf(packageBytes(1000, 2));
  app.put(SIGNATURE, other);
  assertSameBytes((await app.get(SIGNATURE)).body, other);
});

Deno.test("a signature in the database that is not base64 is ignored", async () => {
  await using app = await start("!!!!");
  assertEquals((await app.get(SIGNATURE)).status, 404);
});
