import { assertEquals } from "@std/assert";
import { administer } from "../../../support/administration.ts";
import { ChangingRepository } from "../../../support/changing_repository.ts";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { syncDbBytes } from "../../../support/sync_db_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

const repository = new ChangingRepository({ signed: false });
const DB = repository.path("db");

/** A database whose compressed size is some 100 kB. */
function large(): Promise<Uint8Array> {
  const noise = packageBytes(60_000, 1);
  return syncDbBytes(Array.from({ length: 900 }, (_, index) => ({
    name: `p${index}`,
    version: "1-1",
    fileName: `p${index}-1-1-any.pkg.tar.zst`,
    size: 1,
    sha256: [...noise.subarray(index * 32, index * 32 + 32)]
      .map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  })));
}

Deno.test("a first database is complete and checked before its first byte", async () => {
  await using app = await TestApp.start({ mirrors: 1 });
  const { db } = await repository.publish(app.mirrors, 1);
  const gate = new Gate();
  app.mirror.behave(DB, { kind: "gate", gate, bytes: db.length - 1 }, 1);
  const client = app.open(DB);
  await gate.reached;
  app.mirror.put(DB, db);
  let isAnswered = false;
  const answer = client.then(async (opened) => {
    const head = await opened.finish();
    isAnswered = true;
    return head;
  });
  await app.get("/healthz");
  assertEquals(isAnswered, false);
  gate.release();
  const { status, body, headers } = await answer;
  assertEquals([status, headers.get("content-length")], [200, String(db.length)]);
  assertEquals(body, db);
});

Deno.test("a response that is not a database is an error, not an aborted response", async () => {
  await using app = await TestApp.start({ mirrors: 1 });
  const { db } = await repository.publish(app.mirrors, 1);
  app.put(DB, db.subarray(0, db.length / 2));
  assertEquals((await app.get(DB)).status, 502);
});

Deno.test("a trickling mirror is skipped, and another one's database is complete in time", async () => {
  await using app = await TestApp.start({
    mirrors: 3,
    token: "secret-of-the-tests",
    settings: { race_timeout: "300ms", answer_timeout: "30s" },
    tables: () => 'mirrored_repos = ["core"]\n',
  });
  const db = await large();
  app.put(DB, db);
  const [trickling, hanging] = app.mirrors;
  trickling!.behave(DB, { kind: "slow", bytesPerSecond: 500 });
  hanging!.behave(DB, { kind: "hangBeforeHeaders" });
  const { status, body } = await app.get(DB);
  assertEquals([status, body.length], [200, db.length]);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
});

Deno.test("a client that cannot get its first database in time gets 504, and the next one gets it", async () => {
  await using app = await TestApp.start({
    settings: { answer_timeout: "1s" },
  });
  const { db } = await repository.publish(app.mirrors, 1);
  const gate = new Gate();
  app.mirror.behave(DB, { kind: "gate", gate, bytes: 10 }, 1);
  const answers = await Promise.all([app.get(DB), app.get(DB)]);
  assertEquals(answers.map(({ status }) => status), [504, 504]);
  gate.release();
  await app.log.waitFor(/snapshot published/);
  assertEquals((await app.get(DB)).body, db);
  assertEquals(app.count(DB), 1);
});
