// A daemon in its own process is killed in the middle of refreshes.
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { join } from "@std/path";
import { PkgstashDaemon } from "../../../support/end_to_end/pkgstash_daemon.ts";
import { FakeMirror, Gate } from "../../../support/fake_mirror.ts";
import { exchange } from "../../../support/http_exchange.ts";
import { assertSigned, ChangingRepository } from "../../../support/changing_repository.ts";
import { KeptConnection } from "./kept_connection.ts";

/** When in a refresh the daemon is killed: at the `count`th request for a member. */
const STAGES = [
  { member: "db", count: 1, held: true },
  { member: "db.sig", count: 1, held: true },
  { member: "db", count: 2, held: true },
  // Not held: response and signal race, at about the time of the publication.
  { member: "db", count: 2, held: false },
  { member: "db", count: 2, held: false },
  { member: "db.sig", count: 1, held: false },
  { member: "db", count: 2, held: false },
] as const;

Deno.test("a daemon that is killed in the middle of refreshes never serves a mixed or an older snapshot", async () => {
  const folder = await Deno.makeTempDir();
  await using mirror = await FakeMirror.start();
  const repository = new ChangingRepository();
  await repository.publish([mirror], 0);
  await using daemon = await PkgstashDaemon.start(folder, {
    mirror_urls: [mirror.url],
    mirrored_repos: ["core"],
    database_max_age: "0s",
  });
  const origin = daemon.url.slice(0, -1);

  let newest = 0;
  let another = Promise.withResolvers<void>();
  let isOver = false;
  const client = (async () => {
    while (!isOver) {
      try {
        using connection = await KeptConnection.open(origin);
        while (!isOver) {
          const db = await connection.get(repository.path("db"));
          const signature = await connection.get(repository.path("db.sig"));
          assertEquals([db.status, signature.status], [200, 200]);
          assertSigned(db.body, signature.body);
          assertGreaterOrEqual(repository.numberOf(db.body), newest);
          newest = repository.numberOf(db.body);
          another.resolve();
        }
      } catch (error) {
        // Start over, as pacman does when its server goes away.
        if (error instanceof Error && error.name === "AssertionError") throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  })().finally(() => {
    isOver = true;
    another.resolve();
  });
  const morePairs = async () => {
    for (let more = 0; more < 3 && !isOver; more++) {
      another = Promise.withResolvers();
      await another.promise;
    }
  };

  let number = 0;
  for (const { member, count, held } of STAGES) {
    await morePairs();
    if (isOver) break;
    const path = repository.path(member);
    const revision = await repository.revision(++number);
    const gate = new Gate();
    if (held) {
      if (count > 1) mirror.behave(path, { kind: "correct" }, count - 1);
      mirror.behave(path, { kind: "hangBeforeHeaders", gate }, 1);
    }
    const before = mirror.count(path);
    repository.put(mirror, revision);
    await (held ? gate.reached : mirror.waitForRequest(path, before + count));
    await daemon.kill();
    gate.release();
    await daemon.start();
    const { status } = await exchange(origin, repository.path("db.sig"));
    assertEquals(status, 200);
  }
  await morePairs();
  isOver = true;
  await client;

  // What the killed daemons left behind does no harm, and is removed.
  await repository.publish([mirror], ++number);
  const { body } = await exchange(origin, repository.path("db"));
  assertEquals(repository.numberOf(body), number);
  await daemon.kill();
  await daemon.start();
  assertEquals((await exchange(origin, repository.path("db.sig"))).status, 200);
  const state = join(daemon.cacheRoot, ".pkgstash/snapshots/core/os/x86_64");
  const left = (await Array.fromAsync(Deno.readDir(state))).map(({ name }) => name).sort();
  assertEquals(left.map((name) => name.replace(/^\d+-....-/, "")).sort(), [
    "core.db",
    "core.db.sig",
    "current.json",
  ]);
  await daemon.kill();
  await Deno.remove(folder, { recursive: true });
});
