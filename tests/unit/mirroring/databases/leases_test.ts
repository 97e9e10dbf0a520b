import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Snapshot } from "../../../../src/repositories/snapshot.ts";
import { FakeMirror } from "../../../support/fake_mirror.ts";
import { TestApp } from "../../../support/test_app.ts";
import { assertSigned, ChangingRepository } from "../../../support/changing_repository.ts";
import { KeptConnection } from "./kept_connection.ts";

const repository = new ChangingRepository({ files: true });
const DB = repository.path("db");
const SIGNATURE = repository.path("db.sig");

/** Publishes another revision, because another client at the same address asks for it. */
async function publishNext(app: TestApp, number: number): Promise<void> {
  await repository.publish(app.mirrors, number);
  using neighbour = await KeptConnection.open(app.origin);
  assertEquals(repository.numberOf((await neighbour.get(DB)).body), number);
  await neighbour.get(SIGNATURE);
}

Deno.test("the signature on a connection is of the database that was sent there", async () => {
  await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
  await publishNext(app, 1);
  using client = await KeptConnection.open(app.origin);
  const { body } = await client.get(DB);
  await publishNext(app, 2);
  await publishNext(app, 3);
  assertSigned(body, (await client.get(SIGNATURE)).body);
});

Deno.test("the signature on a new connection is of the database that was sent to the address", async () => {
  await using app = await TestApp.start({
    settings: { database_max_age: "0s" },
    tables: () => 'mirrored_repos = ["core"]\n',
    token: "secret-of-the-tests",
  });
  await publishNext(app, 1);
  const { body } = await app.get(DB);
  await repository.publish(app.mirrors, 2);
  const headers = { authorization: "Bearer secret-of-the-tests" };
  assertEquals((await app.request("POST", "/api/refresh", { headers })).status, 204);
  assertSigned(body, (await app.get(SIGNATURE)).body);
  const next = await app.get(DB);
  assertEquals(repository.numberOf(next.body), 2);
  assertSigned(next.body, (await app.get(SIGNATURE)).body);
});

Deno.test("clients that take turns at one address do not disturb each other", async () => {
  await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
  await publishNext(app, 1);
  using one = await KeptConnection.open(app.origin);
  using other = await KeptConnection.open(app.origin);
  const first = await one.get(DB);
  await publishNext(app, 2);
  const second = await other.get(DB);
  await publishNext(app, 3);
  assertSigned(first.body, (await one.get(SIGNATURE)).body);
  assertSigned(second.body, (await other.get(SIGNATURE)).body);
  assertSigned(first.body, (await one.get(SIGNATURE)).body);
});

Deno.test("a file list in between does not change which signature a client gets", async () => {
  await using app = await TestApp.start({ settings: { database_max_age: "0s" } });
  await publishNext(app, 1);
  await app.get(repository.path("files"));
  using client = await KeptConnection.open(app.origin);
  const { body } = await client.get(DB);
  await publishNext(app, 2);
  const files = await client.get(repository.path("files"));
  assertEquals(repository.numberOf(files.body), 2);
  assertSigned(body, (await client.get(SIGNATURE)).body);
  assertSigned(files.body, (await client.get(repository.path("files.sig"))).body);
});

Deno.test("a snapshot that was served for days still has its signature after it is replaced", async () => {
  const cacheRoot = await Deno.makeTempDir();
  await using mirror = await FakeMirror.start();
  const settings = { database_max_age: "0s", mirror_urls: [mirror.url] as unknown as string };
  {
    await using app = await TestApp.start({ cacheRoot, mirrors: 0, settings });
    await repository.publish([mirror], 1);
    await app.get(SIGNATURE);
  }
  // Rename its files as if it had been published in 2020.
  const state = join(cacheRoot, ".pkgstash/snapshots/core/os/x86_64");
  const pointer = join(state, "current.json");
  const text = await Deno.readTextFile(pointer);
  const { generation } = JSON.parse(text) as Snapshot;
  const aged = `${Date.parse("2020-01-01")}-aged`;
  await Deno.writeTextFile(pointer, text.replaceAll(generation, aged));
  for (const { name } of await Array.fromAsync(Deno.readDir(state))) {
    await Deno.rename(join(state, name), join(state, name.replace(generation, aged)));
  }
  {
    await using app = await TestApp.start({ cacheRoot, mirrors: 0, settings });
    using client = await KeptConnection.open(app.origin);
    const { body } = await client.get(DB);
    assertEquals(repository.numberOf(body), 1);
    await repository.publish([mirror], 2);
    await app.get(DB);
    await app.log.waitFor(/snapshot published/);
    assertSigned(body, (await client.get(SIGNATURE)).body);
  }
  await Deno.remove(cacheRoot, { recursive: true });
});

Deno.test("clients behind one proxy have signatures of their own, by address and port", async () => {
  await using app = await TestApp.start({
    settings: { database_max_age: "0s", trusted_proxies: ["127.0.0.1"] },
  });
  // Each request on a connection of its own, as nginx makes them.
  const as = (client: string) => (target: string) =>
    app.get(target, { forwarded: `for="${client}"` });
  const [one, other, elsewhere] = ["192.0.2.1:1000", "192.0.2.1:2000", "192.0.2.2:1000"].map(as);
  await repository.publish(app.mirrors, 1);
  const first = await one!(DB);
  await repository.publish(app.mirrors, 2);
  const second = await other!(DB);
  await repository.publish(app.mirrors, 3);
  const third = await elsewhere!(DB);
  assertEquals([first, second, third].map(({ body }) => repository.numberOf(body)), [1, 2, 3]);
  assertSigned(first.body, (await one!(SIGNATURE)).body);
  assertSigned(second.body, (await other!(SIGNATURE)).body);
  assertSigned(third.body, (await elsewhere!(SIGNATURE)).body);
  // A downloader that makes a new connection for each file goes by its address.
  assertSigned(second.body, (await as("192.0.2.1:3000")(SIGNATURE)).body);
});
