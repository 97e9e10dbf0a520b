import { assertEquals, assertLess } from "@std/assert";
import { packTar, type TarEntry } from "modern-tar";
import { TestApp } from "../../../support/test_app.ts";
import { ChangingRepository } from "../../../support/changing_repository.ts";

const repository = new ChangingRepository({ signed: false });
const DB = repository.path("db");

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function archiveOf(name: string, content: string): Promise<Uint8Array<ArrayBuffer>> {
  const body = new TextEncoder().encode(content);
  const header = { name, size: body.length, mode: 0o644, mtime: new Date(0) };
  const entry: TarEntry = { header, body };
  return await gzipped((await packTar([entry])) as Uint8Array<ArrayBuffer>);
}

const DESC = "%FILENAME%\na-1-1-any.pkg.tar.zst\n\n%NAME%\na\n\n%VERSION%\n1-1\n\n%ARCH%\nany\n\n";

const UNREADABLE: Record<string, () => Promise<Uint8Array>> = {
  "a web page": () =>
    Promise.resolve(new TextEncoder().encode("<!DOCTYPE html><p>Sign in" + " ".repeat(2000))),
  "a compressed web page": () =>
    gzipped(new TextEncoder().encode("<!DOCTYPE html><p>Sign in" + "abc".repeat(2000))),
  "half an archive": async () => {
    const { db } = await repository.revision(7);
    return db.subarray(0, db.length / 2);
  },
  "an archive without its last byte": async () => {
    const { db } = await repository.revision(7);
    return db.subarray(0, -1);
  },
  "an archive with one byte changed": async () => {
    const { db } = await repository.revision(7);
    const changed = db.slice();
    changed[changed.length - 6]! ^= 1;
    return changed;
  },
  "random bytes": () => Promise.resolve(crypto.getRandomValues(new Uint8Array(5000))),
  "a file outside of a package's folder": () => archiveOf("../x", DESC),
  "a folder that climbs": () => archiveOf("a-1-1/../../desc", DESC),
  "an absolute path": () => archiveOf("/a-1-1/desc", DESC),
  "a file name that leads away": () =>
    archiveOf("a-1-1/desc", DESC.replace("a-1-1-any.pkg.tar.zst", "../../etc/passwd")),
  "a field without end": () => archiveOf("a-1-1/desc", DESC + `%DESC%\n${"x".repeat(1_000_000)}\n`),
};

for (const [what, make] of Object.entries(UNREADABLE)) {
  Deno.test(`${what} does not replace a database`, async () => {
    await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
    const bytes = await make();
    app.put(DB, bytes, { lastModified: new Date("2027-01-01") });
    const first = await app.get(DB);
    if (first.status === 200) {
      assertEquals(first.isComplete, false);
      assertLess(first.body.length, bytes.length);
    }
    await app.log.waitFor(/refresh failed/);
    // A good one is taken as soon as there is one, even if it is dated before the bad one.
    const { db } = await repository.publish(app.mirrors, 1);
    const good = await app.get(DB);
    assertEquals([good.status, good.body.length], [200, db.length]);
    await app.log.waitFor(/snapshot published/);
    app.put(DB, bytes, { lastModified: new Date("2027-01-01") });
    const stale = await app.get(DB);
    assertEquals(stale.headers.get("x-cache"), "STALE");
    assertEquals(repository.numberOf(stale.body), 1);
    const next = await app.get(DB);
    assertEquals(repository.numberOf(next.body), 1);
  });
}

Deno.test("a database larger than pacman accepts is refused, whether announced or not", async () => {
  await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
  await repository.publish(app.mirrors, 1);
  await app.get(DB);
  await app.log.waitFor(/snapshot published/);
  const large = new Uint8Array(128 * 1024 * 1024 + 1);
  large.set([0x1f, 0x8b]);
  app.put(DB, large, { lastModified: new Date("2027-01-01") });
  for (const kind of ["correct", "noLength"] as const) {
    app.mirror.behave(DB, { kind }, 1);
    const { body } = await app.get(DB);
    assertEquals(repository.numberOf(body), 1);
  }
  // A refresh is logged only when it has ended.
  await app.log.waitFor(/refresh failed/, 2);
});

Deno.test("an unreadable database is skipped for another mirror's", async () => {
  await using app = await TestApp.start({ mirrors: 2, settings: { database_max_age: "0s" } });
  await repository.publish(app.mirrors, 1);
  await app.get(DB);
  await app.log.waitFor(/snapshot published/);
  for (const [index, mirror] of app.mirrors.entries()) {
    const { db, lastModified, number } = await repository.publish(app.mirrors, 2 + index);
    mirror.put(DB, db.subarray(0, 100), { lastModified });
    const { body } = await app.get(DB);
    assertEquals(repository.numberOf(body), number);
  }
});

Deno.test("an unreadable file list is not published", async () => {
  await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
  const lists = new ChangingRepository({ files: true });
  const { files } = await lists.publish(app.mirrors, 1);
  app.put(lists.path("files"), files.subarray(0, 100), { lastModified: new Date("2027-01-01") });
  const answer = await app.get(lists.path("files"));
  assertEquals(answer.isComplete && answer.status === 200, false);
  await app.log.waitFor(/refresh failed/);
  await lists.publish(app.mirrors, 2);
  assertEquals(lists.numberOf((await app.get(lists.path("files"))).body), 2);
});
