import { assertEquals } from "@std/assert";
import { Gate } from "../../support/fake_mirror.ts";
import { TestApp } from "../../support/test_app.ts";
import { administer, TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";

const SETTINGS = { database_max_age: "0s", refresh_interval: "0", min_free_space: "0" };

/** A daemon for these repositories, which are empty. */
async function withRepositories(
  names: readonly string[] = ["core"],
  settings: Record<string, string | number> = {},
) {
  const app = await TestApp.start({
    token: TOKEN,
    settings: { ...SETTINGS, ...settings },
    tables: () => `mirrored_repos = ${JSON.stringify(names)}\n`,
  });
  return { app, repositories: names.map((name) => new PublishedRepository(app.mirror, name)) };
}

/** The same with one repository. */
async function withCore(settings: Record<string, string | number> = {}) {
  const { app, repositories } = await withRepositories(["core"], settings);
  return { app, core: repositories[0]! };
}

async function refresh(app: TestApp): Promise<void> {
  const { status, text } = await administer(app.origin, "/api/refresh");
  assertEquals([status, text], [204, ""]);
}

/** Fetches a package as a client. */
async function take(app: TestApp, path: string): Promise<void> {
  assertEquals((await app.warm(path)).status, 200, path);
}

/** Asserts that package and signature are served from the cache, without asking the mirror. */
async function assertHit(app: TestApp, core: PublishedRepository, name: string, version: number) {
  const path = core.package(name, version);
  const count = () => app.count(path) + app.count(`${path}.sig`);
  const requests = count();
  const answer = await app.get(path);
  assertEquals([answer.status, answer.headers.get("x-cache")], [200, "HIT"], path);
  assertEquals(answer.body, core.bytesOf(name));
  const signature = await app.get(`${path}.sig`);
  assertEquals([signature.status, signature.headers.get("x-cache")], [200, "HIT"], path);
  assertEquals(count(), requests, "requests of the mirror");
}

Deno.test("a new version of a package that a client fetched is cached before anyone requests it", async () => {
  const { app, core } = await withCore();
  await using _ = app;
  await core.set("a", 1).set("other", 1).publish();
  await app.warm(core.path("core.db"));
  await take(app, core.package("a", 1));
  await core.set("a", 2).set("other", 2).publish();
  await refresh(app);
  assertEquals(
    [core.package("a", 2), `${core.package("a", 2)}.sig`, core.package("other", 2)]
      .map((path) => app.count(path)),
    [1, 1, 0],
  );
  await assertHit(app, core, "a", 2);
});

Deno.test("a refresh reports databases, packages and cleanup as it proceeds", async () => {
  const { app, core } = await withCore({ keep_versions: 0 });
  await using _ = app;
  await core.set("a", 1).set("b", 1).publish();
  await app.warm(core.path("core.db"));
  for (const name of ["a", "b"]) await take(app, core.package(name, 1));
  await core.set("a", 2, { size: 3000 }).set("b", 2).publish();
  const [a, b] = ["a", "b"].map((name) => core.package(name, 2));
  app.mirror.remove(b!);
  const gate = new Gate();
  app.mirror.behave(a!, { kind: "gate", gate, bytes: 100 });

  using running = await app.open("/api/v1/refresh", {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const { status, headers } = await running.head();
  assertEquals([status, headers.get("content-type")], [200, "application/x-ndjson"]);
  // The mirror holds the package back; the events before it have been sent.
  await gate.reached;
  const database = { event: "database", repository: core.directory };
  const started = { event: "prefetch", file: a!.slice(1), status: "started", bytes: 3000 };
  const sent = [
    { ...database, status: "started" },
    { ...database, status: "updated" },
    { event: "plan", files: 2, bytes: 4000 },
    started,
  ];
  let text = "";
  while (!text.includes(JSON.stringify(started))) {
    text = new TextDecoder().decode(await running.peek(text.length + 1));
  }
  const ofB = ({ file }: Record<string, unknown>) => file === b!.slice(1);
  assertEquals(linesOf(text).filter((event) => !ofB(event)), sent);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 409);
  gate.release();

  const events = linesOf((await running.finish()).text);
  const ofFiles = events.filter(({ event }) => event === "prefetch")
    .map(({ file, status }) => `${status} ${file}`).sort();
  assertEquals(ofFiles, [
    `failed ${b!.slice(1)}`,
    `fetched ${a!.slice(1)}`,
    `started ${a!.slice(1)}`,
    `started ${b!.slice(1)}`,
  ]);
  assertEquals(events.slice(-2), [
    { event: "cleanup", status: "done", removed: 2, bytes_freed: 2000 },
    { event: "done", databases: 1, failed: 0, prefetched: 1 },
  ]);
});

Deno.test("the daemon refreshes and prefetches on its own if no client requests a database", async () => {
  const { app, core } = await withCore({ refresh_interval: "50ms", refresh_jitter: "0" });
  await using _ = app;
  await core.set("a", 1).publish();
  await take(app, core.package("a", 1));
  await app.log.waitFor(/snapshot published/);
  await core.set("a", 2).publish();
  await app.mirror.waitForRequest(`${core.package("a", 2)}.sig`);
  await app.log.waitFor(/prefetch done.*fetched=1/);
  const answer = await app.get(core.package("a", 2));
  assertEquals([answer.status, answer.headers.get("x-cache")], [200, "HIT"]);
  assertEquals(app.count(core.package("a", 2)), 1);
});

Deno.test("a new dependency is prefetched with the new version, even from another repository", async () => {
  const { app, repositories } = await withRepositories(["core", "extra"]);
  await using _ = app;
  const [core, extra] = repositories as [PublishedRepository, PublishedRepository];
  await core.set("lib", 1).set("unrelated", 1).set("base", 1).publish();
  await extra.set("tool", 1, { depends: ["base"] }).set("new", 1, { depends: ["lib>=1"] })
    .publish();
  for (const { name, path } of bound(repositories)) await app.warm(path(`${name}.db`));
  await take(app, extra.package("tool", 1));
  await refresh(app);
  await extra.set("tool", 2, { depends: ["base", "new"] }).publish();
  // A client's request may bring the new database.
  assertEquals((await app.get(extra.path("extra.db"))).headers.get("x-cache"), "REFRESHED");
  await refresh(app);
  await assertHit(app, extra, "tool", 2);
  await assertHit(app, extra, "new", 1);
  await assertHit(app, core, "lib", 1);
  assertEquals(app.count(core.package("unrelated", 1)), 0);
  // Clients with the tool have had this dependency before.
  assertEquals(app.count(core.package("base", 1)), 0);
});

Deno.test("a new dependency is prefetched even if its own repository is published later", async () => {
  const { app, repositories } = await withRepositories(["core", "extra"]);
  await using _ = app;
  const [core, extra] = repositories as [PublishedRepository, PublishedRepository];
  await core.set("base", 1).publish();
  await extra.set("tool", 1).publish();
  for (const { name, path } of bound(repositories)) await app.warm(path(`${name}.db`));
  await take(app, extra.package("tool", 1));
  await extra.set("tool", 2, { depends: ["lib"] }).publish();
  await core.set("lib", 1).publish();
  const gate = new Gate();
  app.mirror.behave(core.path("core.db"), { kind: "gate", gate, bytes: 10 });
  const running = refresh(app);
  // The new dependency is looked up, but not found yet.
  await app.log.waitFor(/wishes recorded.*repository=extra/, 2);
  assertEquals(app.log.matching(/wishes recorded.*repository=core/).length, 1);
  gate.release();
  await running;
  await assertHit(app, extra, "tool", 2);
  await assertHit(app, core, "lib", 1);
});

Deno.test("a renamed package is prefetched under its new name", async () => {
  const { app, core } = await withCore({ keep_versions: 0 });
  await using _ = app;
  await core.set("old", 1).publish();
  await app.warm(core.path("core.db"));
  await take(app, core.package("old", 1));
  await core.drop("old").set("fresh", 2, { replaces: ["old"] }).publish();
  await refresh(app);
  await assertHit(app, core, "fresh", 2);
  await core.set("fresh", 3, { replaces: ["old"] }).publish();
  await refresh(app);
  await assertHit(app, core, "fresh", 3);
  const left = await Array.fromAsync(Deno.readDir(app.pathOf(core.directory)));
  assertEquals(left.map(({ name }) => name).sort(), [
    "fresh-3-1-any.pkg.tar.zst",
    "fresh-3-1-any.pkg.tar.zst.sig",
  ]);
});

Deno.test("a package is not prefetched after prefetch_max_unused unused versions, until a client requests it", async () => {
  const { app, core } = await withCore({ prefetch_max_unused: 2 });
  await using _ = app;
  await core.set("a", 1).publish();
  await app.warm(core.path("core.db"));
  await take(app, core.package("a", 1));
  for (let version = 2; version <= 5; version++) {
    await core.set("a", version).publish();
    await refresh(app);
  }
  const counts = () => [2, 3, 4, 5, 6, 7].map((version) => app.count(core.package("a", version)));
  assertEquals(counts(), [1, 1, 0, 0, 0, 0]);
  await take(app, core.package("a", 5));
  for (const version of [6, 7]) {
    await core.set("a", version).publish();
    await refresh(app);
  }
  assertEquals(counts(), [1, 1, 0, 1, 1, 1]);
});

Deno.test("a prefetched version that a client fetched counts as used", async () => {
  const { app, core } = await withCore({ prefetch_max_unused: 1 });
  await using _ = app;
  await core.set("a", 1).publish();
  await app.warm(core.path("core.db"));
  await take(app, core.package("a", 1));
  for (let version = 2; version <= 4; version++) {
    await core.set("a", version).publish();
    await refresh(app);
    await assertHit(app, core, "a", version);
  }
});

Deno.test("a package rebuilt under the same name is fetched again, with its new signature", async () => {
  const { app, core } = await withCore();
  await using _ = app;
  await core.set("a", 1, { signed: false }).publish();
  await app.warm(core.path("core.db"));
  await take(app, core.package("a", 1));
  assertEquals((await app.get(`${core.package("a", 1)}.sig`)).status, 404);
  await core.set("a", 1, { seed: 99 }).publish();
  await refresh(app);
  await assertHit(app, core, "a", 1);
});

Deno.test("rebuilds in repositories that change together are all prefetched", async () => {
  const names = ["core", "extra", "multilib"];
  const { app, repositories } = await withRepositories(names);
  await using _ = app;
  for (const repository of repositories) {
    await repository.set("a", 1).set("b", 1).publish();
    await app.warm(repository.path(`${repository.name}.db`));
    await take(app, repository.package("a", 1));
  }
  for (let seed = 10; seed < 40; seed++) {
    for (const repository of repositories) await repository.set("a", 1, { seed }).publish();
    await refresh(app);
    for (const repository of repositories) await assertHit(app, repository, "a", 1);
  }
});

function linesOf(text: string): Record<string, unknown>[] {
  return text.split("\n").filter((line) => line.endsWith("}")).map((line) => JSON.parse(line));
}

function bound(repositories: readonly PublishedRepository[]) {
  return repositories.map((one) => ({ name: one.name, path: (file: string) => one.path(file) }));
}
