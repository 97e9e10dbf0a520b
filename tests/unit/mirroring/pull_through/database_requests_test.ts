import { assertEquals } from "@std/assert";
import { signatureOf } from "../../../support/changing_repository.ts";
import { DEFAULT_LAST_MODIFIED, Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { syncDbBytes } from "../../../support/sync_db_bytes.ts";
import { TestApp, type TestAppOptions } from "../../../support/test_app.ts";

const DIRECTORY = "/core/os/x86_64";
const DB = `${DIRECTORY}/core.db`;
const FILES = `${DIRECTORY}/core.files`;

const database = (name = "foo") =>
  syncDbBytes([{
    name,
    version: "1-1",
    fileName: `${name}-1-1-any.pkg.tar.zst`,
    size: 10,
    sha256: "0".repeat(64),
  }]);
const SIGNATURE = signatureOf(await database());
const fileList = () => database("foo");

async function appWithDatabase(options: TestAppOptions = {}): Promise<TestApp> {
  const app = await TestApp.start(options);
  app.put(DB, await database());
  return app;
}

Deno.test("a database is served under all of its names, and fetched once", async () => {
  await using app = await appWithDatabase();
  app.put(`${DB}.sig`, SIGNATURE);
  const first = await app.get(DB);
  assertEquals([first.status, first.headers.get("x-cache")], [200, "MISS"]);
  assertEquals(first.body, await database());
  await app.log.waitFor(/snapshot published/);
  for (const name of ["core.db", "core.db.tar.gz", "core.db.tar.zst"]) {
    const { status, headers, body } = await app.get(`${DIRECTORY}/${name}`);
    assertEquals([status, headers.get("x-cache")], [200, "HIT"]);
    assertEquals(body, await database());
    assertEquals(headers.get("last-modified"), DEFAULT_LAST_MODIFIED.toUTCString());
  }
  for (const name of ["core.db.sig", "core.db.tar.gz.sig"]) {
    assertEquals((await app.get(`${DIRECTORY}/${name}`)).body, SIGNATURE);
  }
  assertEquals(app.mirror.requests.filter(({ path }) => path.endsWith(".sig")).length, 1);
});

Deno.test("a name of another repository's database is 404", async () => {
  await using app = await appWithDatabase();
  for (const name of ["extra.db", "core.db.old", "core.dbx", "xcore.db", "core.db.tar.gz.part"]) {
    assertEquals((await app.get(`${DIRECTORY}/${name}`)).status, 404);
  }
  assertEquals(app.count(), 0);
});

Deno.test("simultaneous clients cost one request for the database: one MISS, the others JOIN", async () => {
  await using app = await appWithDatabase();
  const gate = new Gate();
  app.mirror.behave(DB, { kind: "gate", gate, bytes: 0 }, 1);
  const clients = Array.from({ length: 10 }, () => app.get(DB));
  await gate.reached;
  gate.release();
  const answers = await Promise.all(clients);
  for (const { status, body } of answers) {
    assertEquals(status, 200);
    assertEquals(body, await database());
  }
  const fetched = app.mirror.requests.filter(({ path, headers }) =>
    path === DB && !headers.has("if-modified-since")
  );
  assertEquals(fetched.length, 1);
  const marks = answers.map(({ headers }) => headers.get("x-cache"));
  assertEquals(marks.filter((mark) => mark === "MISS").length, 1, marks.join());
});

Deno.test("an old database is revalidated by its tag, and X-Cache tells the outcome", async () => {
  await using app = await appWithDatabase({ settings: { database_max_age: "0" } });
  await app.get(DB);
  await app.log.waitFor(/snapshot published/);
  const same = await app.get(DB);
  assertEquals(same.headers.get("x-cache"), "REVALIDATED");
  assertEquals(app.mirror.requests.at(-1)!.headers.has("if-none-match"), true);
  const later = new Date(DEFAULT_LAST_MODIFIED.getTime() + 60_000);
  app.put(DB, await database("bar"), { lastModified: later });
  const changed = await app.get(DB);
  assertEquals(changed.headers.get("x-cache"), "REFRESHED");
  assertEquals(changed.body, await database("bar"));
  assertEquals(changed.headers.get("last-modified"), later.toUTCString());
});

Deno.test("pacman's conditional request is answered with 304 from the cache", async () => {
  await using app = await appWithDatabase();
  await app.get(DB);
  const { status } = await app.get(DB, {
    "if-modified-since": DEFAULT_LAST_MODIFIED.toUTCString(),
  });
  assertEquals(status, 304);
});

Deno.test("the cached database is served as STALE when every mirror is down", async () => {
  await using app = await appWithDatabase({ settings: { database_max_age: "0" }, mirrors: 2 });
  app.put(`${DB}.sig`, SIGNATURE);
  await app.get(DB);
  await app.log.waitFor(/snapshot published/);
  for (const mirror of app.mirrors) await mirror.down();
  for (const path of [DB, `${DIRECTORY}/core.db.tar.gz`]) {
    const { status, headers, body } = await app.get(path);
    assertEquals([status, headers.get("x-cache")], [200, "STALE"]);
    assertEquals(body, await database());
  }
  assertEquals((await app.get(`${DB}.sig`)).body, SIGNATURE);
});

Deno.test("a mirror that hangs does not keep a client from the cached database", async () => {
  await using app = await appWithDatabase({ settings: { database_max_age: "0" } });
  await app.get(DB);
  await app.log.waitFor(/snapshot published/);
  app.mirror.behave("*", { kind: "hangBeforeHeaders" });
  app.setAnswerTimeout(1_000);
  const { status, headers, body } = await app.get(DB);
  assertEquals([status, headers.get("x-cache")], [200, "STALE"]);
  assertEquals(body, await database());
});

Deno.test("the cached database survives a restart", async () => {
  const cacheRoot = await Deno.makeTempDir();
  {
    await using app = await appWithDatabase({ cacheRoot });
    await app.get(DB);
    await app.log.waitFor(/snapshot published/);
  }
  {
    await using app = await TestApp.start({ cacheRoot });
    await app.mirror.down();
    const { status, headers, body } = await app.get(DB);
    assertEquals([status, headers.get("x-cache")], [200, "STALE"]);
    assertEquals(body, await database());
  }
  await Deno.remove(cacheRoot, { recursive: true });
});

Deno.test("signatures of a repository without them are 404, and its database is served", async () => {
  await using app = await appWithDatabase();
  assertEquals((await app.get(`${DB}.sig`)).status, 404);
  assertEquals((await app.get(DB)).status, 200);
  assertEquals((await app.get(`${DB}.sig`)).status, 404);
  assertEquals((await app.get(`${FILES}.sig`)).status, 404);
});

Deno.test("the file list is served once the mirror has one, and is 404 before", async () => {
  await using app = await appWithDatabase({ settings: { missing_signature_age: "0" } });
  assertEquals((await app.get(DB)).status, 200);
  assertEquals((await app.get(FILES)).status, 404);
  app.put(FILES, await fileList());
  const { status, body } = await app.get(FILES);
  assertEquals(status, 200);
  assertEquals(body, await fileList());
  const again = await app.get(`${DIRECTORY}/core.files.tar.gz`);
  assertEquals([again.status, again.body], [200, await fileList()]);
  assertEquals((await app.get(DB)).status, 200);
});

Deno.test("a file list that the mirror lacks is requested once", async () => {
  await using app = await appWithDatabase();
  for (let round = 0; round < 3; round++) assertEquals((await app.get(FILES)).status, 404);
  assertEquals(app.count(FILES), 1);
  assertEquals((await app.get(DB)).status, 200);
});

Deno.test("the file list can be the first file requested", async () => {
  await using app = await appWithDatabase();
  app.put(FILES, await fileList());
  const { status, body } = await app.get(FILES);
  assertEquals([status, body], [200, await fileList()]);
  assertEquals((await app.get(DB)).body, await database());
});

Deno.test("database and file list are both served when requested at the same moment", async () => {
  for (let round = 0; round < 5; round++) {
    await using app = await appWithDatabase();
    app.put(FILES, await fileList());
    app.put(`${DB}.sig`, SIGNATURE);
    const answers = await Promise.all([DB, FILES, `${DB}.sig`, FILES].map((path) => app.get(path)));
    assertEquals(answers.map(({ status }) => status), [200, 200, 200, 200]);
    assertEquals(answers[1]!.body, await fileList());
  }
});

Deno.test("a package is checked against the served database", async () => {
  await using app = await TestApp.start({ mirrors: 1 });
  const bytes = packageBytes(50_000, 1);
  const path = `${DIRECTORY}/foo-1-1-any.pkg.tar.zst`;
  const listed = { name: "foo", version: "1-1", fileName: "foo-1-1-any.pkg.tar.zst", size: 50_000 };
  app.put(DB, await syncDbBytes([{ ...listed, sha256: sha256Of(bytes) }]));
  await app.get(DB);
  await app.log.waitFor(/snapshot published/);
  app.put(path, packageBytes(50_000, 2));
  const wrong = await app.get(path);
  assertEquals(wrong.status, 502);
  await app.settled();
  app.put(path, bytes);
  assertEquals((await app.get(path)).body, bytes);
});
