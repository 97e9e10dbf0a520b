import { assertEquals, assertMatch } from "@std/assert";
import { administer } from "../../../support/administration.ts";
import {
  assertSigned,
  ChangingRepository,
  signatureOf,
} from "../../../support/changing_repository.ts";
import { TestApp } from "../../../support/test_app.ts";

const repository = new ChangingRepository();
const DB = repository.path("db");
const SIGNATURE = repository.path("db.sig");
const WRONG = signatureOf(new Uint8Array([1]));

function start(mirrors: number, settings: Record<string, string> = {}): Promise<TestApp> {
  return TestApp.start({
    mirrors,
    token: "secret-of-the-tests",
    settings: { database_max_age: "0s", ...settings },
    tables: () => 'mirrored_repos = ["core"]\n',
  });
}

/** The number of the served revision, and whether its own signature is served. */
async function pair(app: TestApp): Promise<[number: number, isSigned: boolean]> {
  const { status, body } = await app.get(DB);
  assertEquals(status, 200);
  const signature = await app.get(SIGNATURE);
  if (signature.status === 200) assertSigned(body, signature.body);
  else assertEquals(signature.status, 404);
  return [repository.numberOf(body), signature.status === 200];
}

Deno.test("the first request gets the pair of the one mirror whose signature fits", async () => {
  await using app = await start(4);
  await repository.publish(app.mirrors, 1);
  for (const mirror of app.mirrors.slice(0, 3)) mirror.put(SIGNATURE, WRONG);
  assertEquals(await pair(app), [1, true]);
});

Deno.test("a database whose signature no mirror has is served without one, never with a wrong one", async () => {
  await using app = await start(2);
  await repository.publish(app.mirrors, 1);
  for (const mirror of app.mirrors) mirror.put(SIGNATURE, WRONG);
  assertEquals(await pair(app), [1, false]);
  assertMatch(app.log.matching(/no mirror has a signature/).join(), /WARN/);
  // And goes on so, as repo-add leaves an old signature in place.
  await repository.publish(app.mirrors, 2);
  for (const mirror of app.mirrors) mirror.put(SIGNATURE, WRONG);
  assertEquals(await pair(app), [2, false]);
});

Deno.test("a signature that comes after its database is taken at the next question", async () => {
  await using app = await start(1);
  await repository.publish(app.mirrors, 1);
  app.mirror.put(SIGNATURE, WRONG);
  assertEquals(await pair(app), [1, false]);
  await repository.publish(app.mirrors, 1);
  assertEquals(await pair(app), [1, true]);
});

Deno.test("a signed database is kept while a mirror confirms it and the new one has no signature", async () => {
  await using app = await start(2);
  await repository.publish(app.mirrors, 1);
  assertEquals(await pair(app), [1, true]);
  await repository.publish([app.mirror], 2);
  app.mirror.remove(SIGNATURE);
  for (let round = 0; round < 4; round++) assertEquals(await pair(app), [1, true]);
  await repository.publish(app.mirrors, 2);
  for (const mirror of app.mirrors) mirror.remove(SIGNATURE);
  const { status } = await administer(app.origin, "/api/refresh");
  assertEquals(status, 204);
  assertEquals(await pair(app), [2, false]);
});

Deno.test("a database that was signed anew gets its new signature at a refresh", async () => {
  await using app = await start(1, { database_max_age: "1h" });
  const { db } = await repository.publish(app.mirrors, 1);
  assertEquals(await pair(app), [1, true]);
  const two = new Uint8Array([...signatureOf(db), ...signatureOf(db)]);
  app.mirror.put(SIGNATURE, two);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  await app.get(DB);
  assertEquals((await app.get(SIGNATURE)).body, two);
});

Deno.test("a signature that the mirror lacked when its database was copied comes with a refresh", async () => {
  await using app = await start(2, { database_max_age: "1h" });
  await repository.publish(app.mirrors, 1);
  for (const mirror of app.mirrors) mirror.remove(SIGNATURE);
  assertEquals(await pair(app), [1, false]);
  await repository.publish(app.mirrors, 1);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  assertEquals(await pair(app), [1, true]);
});

Deno.test("a refresh of a repository without signatures asks one mirror for one", async () => {
  await using app = await start(3, { database_max_age: "1h" });
  const unsigned = new ChangingRepository({ signed: false });
  await unsigned.publish(app.mirrors, 1);
  await app.get(DB);
  const before = app.count(SIGNATURE);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  assertEquals(app.count(SIGNATURE) - before, 1);
});

Deno.test("a file list is served without a signature of another one", async () => {
  await using app = await start(2);
  const lists = new ChangingRepository({ files: true });
  await lists.publish(app.mirrors, 1);
  app.mirror.put(lists.path("files.sig"), WRONG);
  const files = await app.get(lists.path("files"));
  assertEquals(lists.numberOf(files.body), 1);
  assertSigned(files.body, (await app.get(lists.path("files.sig"))).body);
});
