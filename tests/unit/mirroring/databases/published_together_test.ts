import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { Gate } from "../../../support/fake_mirror.ts";
import { TestApp } from "../../../support/test_app.ts";
import {
  assertSigned,
  ChangingRepository,
  signatureOf,
} from "../../../support/changing_repository.ts";
import { KeptConnection } from "./kept_connection.ts";

const TOKEN = "secret-of-the-tests";
const ADMINISTRATOR = { authorization: `Bearer ${TOKEN}` };
const ONE_REPOSITORY = "mirrored_repos = ['core']\n";

/** Asks for a database or file list and then its signature, and compares them with the pair before. */
class PairReader {
  pairs = 0;
  newest = 0;

  readonly #repository: ChangingRepository;
  readonly #member: string;

  constructor(repository: ChangingRepository, member: string) {
    this.#repository = repository;
    this.#member = member;
  }

  async read(connection: KeptConnection): Promise<void> {
    const data = await connection.get(this.#repository.path(this.#member));
    const signature = await connection.get(this.#repository.path(`${this.#member}.sig`));
    assertEquals([data.status, signature.status], [200, 200]);
    assertSigned(data.body, signature.body);
    const number = this.#repository.numberOf(data.body);
    assertGreaterOrEqual(number, this.newest, "an older database than before");
    this.newest = number;
    this.pairs++;
  }
}

Deno.test("database and signature match and never get older through 200 refreshes", async () => {
  await using app = await TestApp.start({
    mirrors: 2,
    token: TOKEN,
    settings: { database_max_age: "0s" },
    tables: () => ONE_REPOSITORY,
  });
  const repository = new ChangingRepository({ files: true });
  await repository.publish(app.mirrors, 0);
  await app.warm(repository.path("files"));

  let isOver = false;
  const readers = ["db", "db", "files"].map((member) => new PairReader(repository, member));
  const clients = readers.map(async (reader) => {
    using connection = await KeptConnection.open(app.origin);
    try {
      while (!isOver) await reader.read(connection);
    } finally {
      isOver = true;
    }
  });
  const refreshes = (async () => {
    for (let number = 1; number <= 200 && !isOver; number++) {
      const revision = await repository.revision(number);
      // Mirrors get a new revision one after another.
      repository.put(app.mirrors[number % 2]!, revision);
      const { status, text } = await app.request("POST", "/api/refresh", {
        headers: ADMINISTRATOR,
      });
      assertEquals([status, text], [204, ""]);
      repository.put(app.mirrors[(number + 1) % 2]!, revision);
    }
  })().finally(() => isOver = true);
  await Promise.all([refreshes, ...clients]);
  for (const { pairs } of readers) assertGreaterOrEqual(pairs, 200);
  using connection = await KeptConnection.open(app.origin);
  for (const reader of readers) await reader.read(connection);
  assertEquals(readers.map(({ newest }) => newest), [200, 200, 200]);
});

Deno.test("a mirror that changes between database and signature is asked again", async () => {
  await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
  const repository = new ChangingRepository();
  await repository.publish(app.mirrors, 1);
  await app.get(repository.path("db.sig"));
  await repository.publish(app.mirrors, 2);
  const gate = new Gate();
  app.mirror.behave(repository.path("db.sig"), { kind: "hangBeforeHeaders", gate }, 1);
  const asked = app.get(repository.path("db"));
  await gate.reached;
  await repository.publish(app.mirrors, 3);
  gate.release();
  const answer = await asked;
  assertEquals(answer.headers.get("x-cache"), "REFRESHED");
  assertEquals(repository.numberOf(answer.body), 3);
  assertSigned(answer.body, (await app.get(repository.path("db.sig"))).body);
});

Deno.test("a first client gets a database and a signature that belong together", async () => {
  await using app = await TestApp.start();
  const repository = new ChangingRepository();
  await repository.publish(app.mirrors, 1);
  const gate = new Gate();
  app.mirror.behave(repository.path("db.sig"), { kind: "hangBeforeHeaders", gate }, 1);
  const first = app.get(repository.path("db"));
  await gate.reached;
  await repository.publish(app.mirrors, 2);
  gate.release();
  const { status, isComplete, body } = await first;
  assertEquals([status, isComplete], [200, true]);
  assertEquals(repository.numberOf(body), 2);
  assertSigned(body, (await app.get(repository.path("db.sig"))).body);
});

for (
  const [what, put] of [
    [
      "a signature of the database before",
      (app: TestApp, path: string, before: Uint8Array) => app.put(path, signatureOf(before)),
    ],
    ["no signature any more", (app: TestApp, path: string) => app.mirror.remove(path)],
  ] as const
) {
  Deno.test(`a new database with ${what} is not published before its own signature is there`, async () => {
    await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
    const repository = new ChangingRepository();
    const before = await repository.publish(app.mirrors, 1);
    await app.get(repository.path("db.sig"));
    const after = await repository.revision(2);
    repository.put(app.mirror, after);
    put(app, repository.path("db.sig"), before.db);
    const asked = app.get(repository.path("db"));
    // The signature of the first revision was asked for once.
    await app.mirror.waitForRequest(repository.path("db.sig"), 2);
    repository.put(app.mirror, after);
    const answer = await asked;
    assertEquals(repository.numberOf(answer.body), 2);
    assertSigned(answer.body, (await app.get(repository.path("db.sig"))).body);
  });
}

Deno.test("a mirror without dates that changes meanwhile yields no mixed snapshot", async (t) => {
  for (const validators of [{ etag: '"1"' }, { etag: null }]) {
    await t.step(`ETag: ${validators.etag}`, async () => {
      await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
      const repository = new ChangingRepository({ dated: false });
      const put = async (number: number, etag: string | null) => {
        const { db } = await repository.revision(number);
        app.mirror.put(repository.path("db"), db, { lastModified: null, etag });
        app.mirror.put(repository.path("db.sig"), signatureOf(db), { lastModified: null });
      };
      await put(1, validators.etag);
      const gate = new Gate();
      app.mirror.behave(repository.path("db.sig"), { kind: "hangBeforeHeaders", gate }, 1);
      const first = app.get(repository.path("db.sig"));
      await gate.reached;
      await put(2, validators.etag === null ? null : '"2"');
      gate.release();
      const signature = await first;
      const { body } = await app.get(repository.path("db"));
      assertEquals(repository.numberOf(body), 2);
      assertSigned(body, signature.body);
      assert(app.count(repository.path("db")) >= 2);
    });
  }
});

Deno.test("a mirror that dates its files by the clock, anew each time, yields whole snapshots", async (t) => {
  for (const etag of [null, '"same"']) {
    await t.step(`ETag: ${etag}`, async () => {
      await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
      const repository = new ChangingRepository();
      const db = repository.path("db");
      let seconds = 0;
      const publish = async (number: number) => {
        const revision = await repository.revision(number);
        app.mirror.put(db, revision.db, { etag });
        app.mirror.put(repository.path("db.sig"), signatureOf(revision.db));
      };
      for (let count = 0; count < 100; count++) {
        const date = new Date(Date.parse("2026-11-01") + 1000 * seconds++).toUTCString();
        app.mirror.behave(db, { kind: "headers", headers: { "Last-Modified": date } }, 1);
      }
      for (const number of etag === null ? [1, 2] : [1]) {
        await publish(number);
        const { status, body } = await app.get(db);
        assertEquals([status, repository.numberOf(body)], [200, number]);
        assertSigned(body, (await app.get(repository.path("db.sig"))).body);
      }
    });
  }
});
