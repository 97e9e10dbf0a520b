import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Tokens } from "../../../src/administration/tokens.ts";
import type { Clock } from "../../../src/async/clock.ts";
import type { Principal } from "../../../src/administration/principal.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { isBearerToken } from "../../../src/formats/http/bearer_token.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const UPLOAD = { name: "builder", purpose: "upload", repositories: ["mine"] } as const;

class SetClock implements Clock {
  time = 1_000_000;
  now = () => this.time;
  monotonic = () => this.time;
  sleep = () => Promise.resolve();
}

/** Who a token was found to belong to; fails if it is nobody's or has expired. */
function principalIn(found: Awaited<ReturnType<Tokens["find"]>>): Principal {
  assert(found !== null && !("expiredAt" in found));
  return found;
}

Deno.test("a token identifies its owner until it is revoked, even after a restart", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("tokens.json");
  const tokens = new Tokens(path);
  const { token, facts } = await tokens.create(UPLOAD);
  assert(isBearerToken(token));
  const restarted = new Tokens(path);
  for (const each of [tokens, restarted]) {
    const { name, purpose, repositories } = principalIn(await each.find(token));
    assertEquals({ name, purpose, repositories }, { ...UPLOAD, repositories: ["mine"] });
    await each.close();
  }
  assertEquals((await restarted.revoke("builder"))?.id, facts.id);
  assertEquals(await restarted.find(token), null);
  assertEquals(await new Tokens(path).find(token), null);
  assertEquals(await restarted.revoke("builder"), null);
});

Deno.test("neither a part of a token nor a similar text is accepted in its place", async () => {
  await using folder = await TempFolder.create();
  const tokens = new Tokens(folder.join("tokens.json"));
  const { token, facts } = await tokens.create(UPLOAD);
  const other = (await tokens.create({ ...UPLOAD, name: "other" })).token;
  const secret = token.slice(-43);
  const stored = JSON.parse(await Deno.readTextFile(folder.join("tokens.json"))).tokens[0].sha256;
  for (
    const wrong of [
      "",
      facts.id,
      secret,
      stored,
      `pkgstash_${facts.id}_`,
      `pkgstash_${facts.id}_${stored}`,
      `pkgstash_${facts.id}_${other.slice(-43)}`,
      `pkgstash_000000000000_${secret}`,
      token.slice(0, -1),
      `${token}A`,
      token.slice(0, -1) + (token.endsWith("A") ? "B" : "A"),
      token.toUpperCase(),
      "__proto__",
    ]
  ) assertEquals(await tokens.find(wrong), null, wrong);
  assertNotEquals(await tokens.find(token), null);
  await tokens.close();
});

Deno.test("a token is refused from the moment it expires, even after a restart", async () => {
  await using folder = await TempFolder.create();
  const clock = new SetClock();
  const path = folder.join("tokens.json");
  const tokens = new Tokens(path, clock);
  const { token, facts } = await tokens.create({ ...UPLOAD, expiresAfterMs: 5_000 });
  assertEquals(facts.expiresAt, clock.time + 5_000);
  clock.time += 4_999;
  principalIn(await tokens.find(token));
  const usedAt = clock.time;
  clock.time += 1;
  for (const each of [tokens, new Tokens(path, clock)]) {
    assertEquals(await each.find(token), { name: "builder", expiredAt: clock.time });
    await each.close();
  }
  assertEquals((await tokens.list())[0]!.lastUsedAt, usedAt, "a refused use counts as none");
});

Deno.test("a token from a version without expiry never expires", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("tokens.json");
  const { token } = await new Tokens(path).create(UPLOAD);
  const { tokens: [stored] } = JSON.parse(await Deno.readTextFile(path));
  delete stored.expiresAt;
  await Deno.writeTextFile(path, JSON.stringify({ tokens: [stored] }));
  const tokens = new Tokens(path);
  principalIn(await tokens.find(token));
  assertEquals((await tokens.list())[0]!.expiresAt, null);
  await tokens.close();
});

Deno.test("the files on disk are accessible only to their owner, and contain no secret", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("tokens.json");
  const { token } = await new Tokens(path).create(UPLOAD);
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert(!(await Deno.readTextFile(path)).includes(token.slice(-43)));
});

Deno.test("the last use is listed, and is on disk after a stop", async () => {
  await using folder = await TempFolder.create();
  const clock = new SetClock();
  const path = folder.join("tokens.json");
  const tokens = new Tokens(path, clock);
  const { token } = await tokens.create(UPLOAD);
  assertEquals((await tokens.list())[0]!.lastUsedAt, null);
  await tokens.find(token);
  clock.time += 1;
  await tokens.find(token);
  assertEquals((await tokens.list())[0]!.lastUsedAt, clock.time);
  await tokens.close();
  assertEquals((await new Tokens(path).list())[0]!.lastUsedAt, clock.time);
});

Deno.test("no two tokens have the same name, so the audit log is unambiguous", async () => {
  await using folder = await TempFolder.create();
  const tokens = new Tokens(folder.join("tokens.json"));
  const { facts } = await tokens.create(UPLOAD);
  for (const name of [UPLOAD.name, facts.id, "administrator", "anyone"]) {
    const error = await assertRejects(() => tokens.create({ ...UPLOAD, name }), PkgstashError);
    assertEquals(error.kind, "conflict", name);
  }
  assertEquals((await tokens.list()).length, 1);
});

Deno.test("no token is accepted while their file is damaged, and the file is not replaced", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("tokens.json");
  const { token } = await new Tokens(path).create(UPLOAD);
  for (const damage of ["", "{", "[]", '{"tokens":[{"id":"a"}]}', '{"tokens":null}']) {
    await Deno.writeTextFile(path, damage);
    const tokens = new Tokens(path);
    for (const use of [() => tokens.find(token), () => tokens.create(UPLOAD)]) {
      assertEquals((await assertRejects(use, PkgstashError)).kind, "storage", damage);
    }
    assertEquals(await Deno.readTextFile(path), damage);
  }
});

Deno.test("a token that the disk rejects is not created", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(folder.join("file"), "");
  const tokens = new Tokens(folder.join("file", "tokens.json"));
  await assertRejects(() => tokens.create(UPLOAD), PkgstashError);
});
