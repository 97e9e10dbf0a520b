import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { EndedSessions } from "../../../../src/administration/ended_sessions.ts";
import { Tokens } from "../../../../src/administration/tokens.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import { SESSION_MS, Sessions } from "../../../../src/server/admin/sessions.ts";
import { FakeClock } from "../../mirroring/prefetch/fake_clock.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

const SECRET = "the administrator's";
const FROM = { address: "192.0.2.1", agent: "Firefox" };
const NONE = { withId: () => Promise.resolve(null) };

function sessionsIn(folder: TempFolder, tokens: Pick<Tokens, "withId">, clock?: FakeClock) {
  const endedSessions = new EndedSessions(folder.join("ended_sessions.json"), clock);
  return new Sessions({ tokens, endedSessions }, clock);
}

Deno.test("a cookie is valid until it expires, even after a restart", async () => {
  await using folder = await TempFolder.create();
  const clock = new FakeClock(Date.UTC(2026, 10, 29));
  const cookie = await sessionsIn(folder, NONE, clock).begin(SECRET, null);
  const restarted = sessionsIn(folder, NONE, clock);
  assertEquals((await restarted.find(cookie!, SECRET, FROM))?.principal.name, "administrator");
  clock.advance(SESSION_MS - 1);
  assertNotEquals(await restarted.find(cookie!, SECRET, FROM), null);
  clock.advance(1);
  assertEquals(await restarted.find(cookie!, SECRET, FROM), null);
});

Deno.test("a cookie is worthless with another token, or with any character changed", async () => {
  await using folder = await TempFolder.create();
  const sessions = sessionsIn(folder, NONE);
  const cookie = await sessions.begin(SECRET, null) ?? "";
  assertEquals(await sessions.find(cookie, "another", FROM), null);
  for (let at = 0; at < cookie.length; at++) {
    const other = cookie[at] === "1" ? "2" : "1";
    const changed = cookie.slice(0, at) + other + cookie.slice(at + 1);
    // The last character of a signature has bits that mean nothing.
    if (at === cookie.length - 1) continue;
    assertEquals(await sessions.find(changed, SECRET, FROM), null, `${at}`);
  }
  for (const odd of ["", ".", "...", `${cookie}x`, ` ${cookie}`, cookie.slice(1)]) {
    assertEquals(await sessions.find(odd, SECRET, FROM), null, odd);
  }
});

Deno.test("a session of a created token ends with it, and with the configured one", async () => {
  await using folder = await TempFolder.create();
  const tokens = new Tokens(folder.join("tokens.json"));
  const { facts } = await tokens.create({ name: "anna", purpose: "viewer", repositories: [] });
  const sessions = sessionsIn(folder, tokens);
  const cookie = await sessions.begin(SECRET, facts.id) ?? "";
  const found = await sessions.find(cookie, SECRET, FROM);
  assertEquals([found?.principal.name, found?.principal.purpose], ["anna", "viewer"]);
  assertEquals(await sessions.find(cookie, "another", FROM), null);
  await tokens.revoke("anna");
  assertEquals(await sessions.find(cookie, SECRET, FROM), null);
  await tokens.create({ name: "anna", purpose: "administrator", repositories: [] });
  assertEquals(await sessions.find(cookie, SECRET, FROM), null);
  await tokens.close();
});

Deno.test("a session ends when its token expires", async () => {
  await using folder = await TempFolder.create();
  const clock = new FakeClock(Date.UTC(2026, 10, 29));
  const tokens = new Tokens(folder.join("tokens.json"), clock);
  const { facts } = await tokens.create({
    name: "anna",
    purpose: "viewer",
    repositories: [],
    expiresAfterMs: 60_000,
  });
  const sessions = sessionsIn(folder, tokens, clock);
  const cookie = await sessions.begin(SECRET, facts.id) ?? "";
  clock.advance(59_999);
  assertNotEquals(await sessions.find(cookie, SECRET, FROM), null);
  clock.advance(1);
  assertEquals(await sessions.find(cookie, SECRET, FROM), null);
  await tokens.close();
});

Deno.test("the data on disk about a token is not enough to make a cookie", async () => {
  await using folder = await TempFolder.create();
  const sha256 = "0".repeat(64);
  const principal = { name: "anna", purpose: "administrator" as const, repositories: [] };
  const tokens = { withId: () => Promise.resolve({ principal, sha256 }) };
  const id = "0123456789ab";
  const forged = await sessionsIn(folder, tokens).begin("", id) ?? "";
  assertEquals(await sessionsIn(folder, tokens).find(forged, SECRET, FROM), null);
});

Deno.test("a session is listed from where it was seen, and worthless once it is ended", async () => {
  await using folder = await TempFolder.create();
  const sessions = sessionsIn(folder, NONE);
  const [mine = "", other = ""] = [
    await sessions.begin(SECRET, null) ?? "",
    await sessions.begin(SECRET, null) ?? "",
  ];
  const session = await sessions.find(mine, SECRET, FROM);
  assert(session !== null);
  await sessions.find(other, SECRET, { address: "192.0.2.2", agent: null });
  assertEquals(sessions.list().map(({ address }) => address).toSorted(), [
    "192.0.2.1",
    "192.0.2.2",
  ]);
  assertEquals((await sessions.end(session.id))?.address, FROM.address);
  assertEquals(await sessions.end(session.id), null);
  const restarted = sessionsIn(folder, NONE);
  for (const each of [sessions, restarted]) {
    assertEquals(await each.find(mine, SECRET, FROM), null);
    assertNotEquals(await each.find(other, SECRET, FROM), null);
    assertEquals(each.list().length, 1);
  }
});

Deno.test("everybody can be signed out, and can sign in again", async () => {
  await using folder = await TempFolder.create();
  const clock = new FakeClock(Date.UTC(2026, 10, 29));
  const sessions = sessionsIn(folder, NONE, clock);
  const old = await sessions.begin(SECRET, null) ?? "";
  clock.advance(1000);
  // It was not seen since the daemon started, and is ended all the same.
  await sessionsIn(folder, NONE, clock).endAll();
  clock.advance(1000);
  const restarted = sessionsIn(folder, NONE, clock);
  assertEquals(await restarted.find(old, SECRET, FROM), null);
  const fresh = await restarted.begin(SECRET, null) ?? "";
  assertNotEquals(await restarted.find(fresh, SECRET, FROM), null);
});

Deno.test("a damaged list of ended sessions revives none of them", async () => {
  await using folder = await TempFolder.create();
  const cookie = await sessionsIn(folder, NONE).begin(SECRET, null) ?? "";
  for (const text of ["", "{}", "[]", '{"before":0,"sessions":{"a":"b"}}', "null"]) {
    await Deno.writeTextFile(folder.join("ended_sessions.json"), text);
    const sessions = sessionsIn(folder, NONE);
    const error = await assertRejects(() => sessions.find(cookie, SECRET, FROM), PkgstashError);
    assertEquals(error.kind, "storage", text);
  }
});
