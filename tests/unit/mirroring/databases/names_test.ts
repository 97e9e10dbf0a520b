import { assertEquals, assertNotEquals } from "@std/assert";
import { TestApp } from "../../../support/test_app.ts";
import { assertSigned, ChangingRepository } from "../../../support/changing_repository.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";

Deno.test("the names of the archives are served like the short names", async () => {
  await using app = await TestApp.start();
  const repository = new ChangingRepository({ files: true });
  const { db, files } = await repository.publish(app.mirrors, 1);
  for (const [member, bytes] of [["db", db], ["files", files]] as const) {
    for (const suffix of ["", ".tar.gz", ".tar.zst", ".tar"]) {
      assertSameBytes((await app.get(repository.path(member + suffix))).body, bytes);
      assertSigned(bytes, (await app.get(repository.path(`${member}${suffix}.sig`))).body);
    }
    // The file and its signature were fetched once.
    assertEquals(app.count(repository.path(`${member}.sig`)), 1);
  }
  assertEquals(app.count(repository.path("files")), 1);
});

Deno.test("a signature of a repository without them is 404 without asking a mirror", async () => {
  await using app = await TestApp.start({ settings: { missing_signature_age: "0s" } });
  const repository = new ChangingRepository({ signed: false, files: true });
  await repository.publish(app.mirrors, 1);
  assertEquals((await app.get(repository.path("db"))).status, 200);
  assertEquals((await app.get(repository.path("files"))).status, 200);
  await app.log.waitFor(/snapshot published/, 2);
  const before = app.count();
  for (const member of ["db.sig", "db.tar.gz.sig", "files.sig"]) {
    for (let round = 0; round < 3; round++) {
      assertEquals((await app.get(repository.path(member))).status, 404);
    }
  }
  assertEquals(app.count(), before);
});

Deno.test("a missing file list is 404, and remembered as missing", async () => {
  await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
  const repository = new ChangingRepository();
  await repository.publish(app.mirrors, 1);
  assertEquals((await app.get(repository.path("files"))).status, 404);
  await app.log.waitFor(/snapshot published/);
  const before = app.count(repository.path("files"));
  assertNotEquals(before, 0);
  const all = app.count();
  for (const member of ["files", "files.sig", "files.tar.gz"]) {
    assertEquals((await app.get(repository.path(member))).status, 404);
  }
  assertEquals(app.count(), all);
  await app.get(repository.path("db"));
  await repository.publish(app.mirrors, 2);
  await app.get(repository.path("db"));
  await app.get(repository.path("files"));
  assertEquals(app.count(repository.path("files")), before);
});

Deno.test("a file list that appears is found when it is no longer remembered as missing", async () => {
  await using app = await TestApp.start({
    settings: { database_max_age: "0s", missing_signature_age: "0s" },
  });
  const repository = new ChangingRepository({ files: true });
  const revision = await repository.publish(app.mirrors, 1);
  app.mirror.remove(repository.path("files"));
  assertEquals((await app.get(repository.path("files"))).status, 404);
  await app.log.waitFor(/snapshot published/);
  repository.put(app.mirror, revision);
  assertSameBytes((await app.get(repository.path("files"))).body, revision.files);
});

Deno.test("a file list is fetched even if it is asked for during a refresh without it", async () => {
  await using app = await TestApp.start();
  const repository = new ChangingRepository({ files: true });
  const { db, files } = await repository.publish(app.mirrors, 1);
  app.mirror.behave(repository.path("db.sig"), { kind: "hangBeforeHeaders", milliseconds: 50 }, 1);
  const database = app.get(repository.path("db"));
  await app.mirror.waitForRequest(repository.path("db.sig"));
  const list = await app.get(repository.path("files"));
  assertEquals([list.status, (await database).status], [200, 200]);
  assertSameBytes(list.body, files);
  assertSameBytes((await database).body, db);
});
