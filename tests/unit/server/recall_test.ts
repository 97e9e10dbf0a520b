// What is answered from memory is answered by the same rules as what is read from disk.
import { assertEquals, assertNotEquals } from "@std/assert";
import { removeIfPresent } from "../../../src/platform/files/durable.ts";
import { administer, TOKEN } from "../../support/administration.ts";
import {
  assertSigned,
  ChangingRepository,
  signatureOf,
} from "../../support/changing_repository.ts";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { assertSameBytes } from "../../support/same_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

/** A daemon that has a database and a package in memory. */
async function start(settings: Record<string, string | string[]> = {}) {
  const app = await TestApp.start({
    token: TOKEN,
    settings: { database_max_age: "1h", ...settings },
    tables: () => 'mirrored_repos = ["core"]\n',
  });
  const core = new PublishedRepository(app.mirror).set("a", 1).set("b", 1);
  await core.publish();
  const db = core.path("core.db");
  const path = core.package("a", 1);
  for (let round = 0; round < 2; round++) {
    await app.warm(db);
    await app.warm(path);
  }
  return { app, core, db, path };
}

/** Whether the daemon opened no file for what `ask` asked. */
async function isFromMemory(ask: () => Promise<unknown>): Promise<boolean> {
  const { open } = Deno;
  let opened = 0;
  Deno.open = (...args) => (opened++, open(...args));
  try {
    await ask();
  } finally {
    Deno.open = open;
  }
  return opened === 0;
}

Deno.test("a package and a database are sent again, or reported as not modified, without opening them", async () => {
  const { app, core, db, path } = await start();
  await using _ = app;
  assertEquals(
    await isFromMemory(async () => {
      const { body, headers } = await app.get(path);
      assertSameBytes(body, core.bytesOf("a"));
      assertEquals(headers.get("x-cache"), "HIT");
      const since = { "if-modified-since": headers.get("last-modified")! };
      assertEquals((await app.get(path, since)).status, 304);
      const database = await app.get(db);
      assertEquals(database.headers.get("x-cache"), "HIT");
      const sinceThat = { "if-modified-since": database.headers.get("last-modified")! };
      assertEquals((await app.get(db, sinceThat)).status, 304);
      assertEquals((await app.request("HEAD", db)).status, 200);
    }),
    true,
  );
  assertEquals(app.count(path), 1);
});

Deno.test("a response from memory is logged, counted and recorded as a use", async () => {
  const { app, core, path } = await start();
  await using _ = app;
  const before = await app.metrics();
  const lines = app.log.matching(/cache=HIT/).length;
  const { headers } = await app.get(path, { "user-agent": "pacman/7.0" });
  await app.get(path, { "if-modified-since": headers.get("last-modified")! });
  await app.log.waitFor(/cache=HIT/, lines + 2);
  const [sent = "", notModified = ""] = app.log.matching(/cache=HIT/).slice(-2);
  const size = core.bytesOf("a").length;
  assertEquals(
    sent.includes(`client=127.0.0.1 method=GET path=${path} status=200 cache=HIT bytes=${size}`),
    true,
    sent,
  );
  assertEquals(/ agent=pacman\/7.0$/.test(sent), true, sent);
  assertEquals(notModified.includes(" status=304 cache=HIT bytes=0 "), true, notModified);
  const after = await app.metrics();
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  assertEquals(grown('pkgstash_requests_total{result="hit"}'), 1);
  assertEquals(grown('pkgstash_requests_total{result="not_modified"}'), 1);
  assertEquals(grown("pkgstash_bytes_served_total"), size);
  const { uses } = await usesOf(app, "a");
  await app.get(path);
  await app.request("HEAD", path);
  assertEquals((await usesOf(app, "a")).uses, uses + 1);
});

async function usesOf(app: TestApp, name: string): Promise<{ uses: number }> {
  const { text } = await app.get(`/api/v1/packages?name=${name}`, {
    authorization: `Bearer ${TOKEN}`,
  });
  return JSON.parse(text).packages[0];
}

Deno.test("a client outside allowed_networks gets 403 for what is in memory", async () => {
  const { app, path } = await start({
    allowed_networks: ["192.168.0.0/16"],
    trusted_proxies: ["127.0.0.1"],
  });
  await using _ = app;
  assertEquals((await app.get(path, { forwarded: "for=192.168.0.1" })).status, 200);
  assertEquals((await app.get(path, { forwarded: "for=203.0.113.9" })).status, 403);
});

Deno.test("a request with an invalid Host gets 400 for what is in memory", async () => {
  const { app, path } = await start();
  await using _ = app;
  const absolute = `${app.origin}${path}`;
  assertEquals((await app.get(absolute)).status, 200);
  assertEquals((await app.get(absolute, { host: "a/b" })).status, 400);
});

Deno.test("a client with too many requests in flight gets 429 for what is in memory", async () => {
  const { app, core, path } = await start({
    max_client_requests: "1",
    trusted_proxies: ["127.0.0.1"],
  });
  await using _ = app;
  const headers = { forwarded: "for=192.0.2.1" };
  const held = core.path("held-1-1-any.pkg.tar.zst");
  const gate = new Gate();
  app.put(held, packageBytes(200_000, 1));
  app.mirror.behave(held, { kind: "gate", gate, bytes: 1000 }, 1);
  using client = await app.open(held, { headers });
  await client.peek(1);
  assertEquals((await app.get(path, headers)).status, 429);
  assertEquals((await app.get(path, { forwarded: "for=192.0.2.2" })).status, 200);
  gate.release();
  assertEquals((await client.finish()).isComplete, true);
});

Deno.test("a request that has come round in a circle does not count as a use of the file in memory", async () => {
  const { app, path } = await start();
  await using _ = app;
  assertEquals(
    await isFromMemory(() => app.get(path, { via: "1.1 pkgstash-0123456789ab" })),
    false,
  );
});

Deno.test("a package in memory is no longer sent once a database replaces it", async () => {
  const { app, core, path } = await start();
  await using _ = app;
  core.set("a", 1, { seed: 9 });
  await core.publish();
  await administer(app.origin, "/api/refresh");
  assertSameBytes((await app.get(path)).body, core.bytesOf("a"));
});

Deno.test("a database or file list in memory is not sent once there is a newer one", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { database_max_age: "1h" },
    tables: () => 'mirrored_repos = ["core"]\n',
  });
  const repository = new ChangingRepository({ files: true });
  await repository.publish(app.mirrors, 1);
  const paths = [repository.path("db"), repository.path("files")];
  for (let round = 0; round < 3; round++) {
    for (const path of paths) assertEquals(repository.numberOf((await app.get(path)).body), 1);
  }
  await repository.publish(app.mirrors, 2);
  await administer(app.origin, "/api/refresh");
  for (const path of paths) assertEquals(repository.numberOf((await app.get(path)).body), 2);
});

Deno.test("a database in memory is not sent while it is in doubt", async () => {
  const { app, core, db } = await start();
  await using _ = app;
  const missing = core.package("b", 1);
  core.set("b", 2);
  await core.publish();
  const former = await app.get(db);
  assertEquals(former.headers.get("x-cache"), "HIT");
  assertEquals((await app.get(missing)).status, 404);
  // The daemon may have asked the mirrors behind the 404.
  const { headers } = await app.get(db);
  assertNotEquals(headers.get("last-modified"), former.headers.get("last-modified"));
});

Deno.test("the signature belongs to the database that a client got from memory", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { database_max_age: "1h", trusted_proxies: ["127.0.0.1"] },
    tables: () => 'mirrored_repos = ["core"]\n',
  });
  const repository = new ChangingRepository({ files: true });
  const path = repository.path("db");
  await repository.publish(app.mirrors, 1);
  for (let round = 0; round < 3; round++) await app.get(path);
  const headers = { forwarded: "for=192.0.2.7" };
  let body: Uint8Array = new Uint8Array();
  assertEquals(await isFromMemory(async () => ({ body } = await app.get(path, headers))), true);
  await repository.publish(app.mirrors, 2);
  await administer(app.origin, "/api/refresh");
  assertSigned(body, (await app.get(repository.path("db.sig"), headers)).body);
});

Deno.test("a signature is sent again without opening it, until a mirror must be asked", async () => {
  const { app, core, path } = await start();
  await using _ = app;
  const signature = `${path}.sig`;
  // From the mirror, and from disk.
  for (let round = 0; round < 2; round++) await app.get(signature);
  const isSent = async () => {
    const { body, headers } = await app.get(signature);
    assertSameBytes(body, signatureOf(core.bytesOf("a")));
    return headers.get("x-cache");
  };
  assertEquals(await isFromMemory(async () => assertEquals(await isSent(), "HIT")), true);
  assertEquals(app.count(signature), 1);
  await administer(app.origin, "/api/refresh");
  assertEquals(await isSent(), "REVALIDATED");
  assertEquals(app.count(signature), 2);
});

Deno.test("a signature of the database is sent from memory, as long as it is the same", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { database_max_age: "1h" },
    tables: () => 'mirrored_repos = ["core"]\n',
  });
  const core = new PublishedRepository(app.mirror);
  const publish = async (seed: number) => {
    const signature = signatureOf(packageBytes(1000, 1001), seed);
    core.set("a", 1, { seed: 1, pgpsig: signature.toBase64() });
    await core.publish();
    return signature;
  };
  const first = await publish(1);
  await app.warm(core.path("core.db"));
  await app.warm(core.package("a", 1));
  const path = `${core.package("a", 1)}.sig`;
  await app.get(path);
  assertEquals(
    await isFromMemory(async () => assertSameBytes((await app.get(path)).body, first)),
    true,
  );
  const second = await publish(2);
  await administer(app.origin, "/api/refresh");
  assertSameBytes((await app.get(path)).body, second);
  assertEquals(app.count(path), 0);
});

Deno.test("a signature in memory is not sent without its package", async (t) => {
  const changes: Record<string, (path: string) => Promise<void>> = {
    "removed by the daemon": removeIfPresent,
    "removed by somebody else": (path) => Deno.remove(path),
    "replaced by somebody else": async (path) => {
      await Deno.copyFile(path, `${path}.new`);
      await Deno.rename(`${path}.new`, path);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    await t.step(name, async () => {
      const { app, path } = await start();
      await using _ = app;
      for (let round = 0; round < 2; round++) await app.get(`${path}.sig`);
      await change(app.pathOf(path));
      const { headers } = await app.get(`${path}.sig`);
      const isThere = name.startsWith("replaced");
      assertEquals(headers.get("x-cache"), isThere ? "REVALIDATED" : "PASS");
    });
  }
});
