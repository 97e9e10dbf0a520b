import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { CleanupResult } from "../../../src/api/cleanup.ts";
import { exchange } from "../../support/http_exchange.ts";
import { TestApp } from "../../support/test_app.ts";
import { administer, refreshEvents, TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";

const SETTINGS = {
  database_max_age: "0s",
  refresh_interval: "0",
  min_free_space: "0",
  keep_versions: 0,
};

/** A daemon for the repository `core`, from which a client has fetched the named packages. */
async function withPackages(
  names: readonly string[],
  settings: Record<string, string | number> = {},
  { tables = "", size = 1000 } = {},
): Promise<{ app: TestApp; core: PublishedRepository }> {
  const app = await TestApp.start({
    token: TOKEN,
    settings: { ...SETTINGS, ...settings },
    tables: () => `mirrored_repos = ["core"]\n${tables}`,
  });
  const core = new PublishedRepository(app.mirror);
  for (const name of names) core.set(name, 1, { size });
  await core.publish();
  await app.warm(core.path("core.db"));
  for (const name of names) {
    for (const path of [core.package(name, 1), `${core.package(name, 1)}.sig`]) {
      assertEquals((await app.warm(path)).status, 200);
    }
  }
  return { app, core };
}

/** Publishes the next version of the packages and has a client fetch the database only. */
async function nextVersion(app: TestApp, core: PublishedRepository, names: readonly string[]) {
  for (const name of names) core.set(name, 2);
  // Otherwise, the answer would be that of a check which an earlier request began.
  await app.get(core.path("core.db"));
  await core.publish();
  const { headers } = await app.get(core.path("core.db"));
  assertEquals(headers.get("x-cache"), "REFRESHED");
}

async function cleanup(app: TestApp, query = ""): Promise<CleanupResult> {
  const { status, text } = await administer(app.origin, `/api/v1/cleanup${query}`);
  assertEquals(status, 200);
  return JSON.parse(text);
}

async function onDisk(app: TestApp, { directory }: PublishedRepository): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(app.pathOf(directory)));
  return entries.map(({ name }) => name).sort();
}

function withSignatures(...fileNames: string[]): string[] {
  return fileNames.flatMap((name) => [name, `${name}.sig`]).sort();
}

Deno.test("a dry run reports what the real cleanup then removes, and why, and frees nothing", async () => {
  const { app, core } = await withPackages(["a", "b"]);
  await using _ = app;
  await nextVersion(app, core, ["a"]);
  const before = await onDisk(app, core);
  const signature = await Deno.stat(app.pathOf(`${core.package("a", 1)}.sig`));

  const planned = await cleanup(app, "?dry_run=true");
  const [file] = planned.files;
  assertEquals(planned.files.length, 1);
  assertEquals(file, {
    path: core.package("a", 1).slice(1),
    bytes: 1000 + signature.size,
    reason: "superseded",
    why: "no longer in any database, and keep_versions is 0",
  });
  assertEquals([planned.dry_run, planned.bytes_freed], [true, 1000 + signature.size]);
  assertEquals([planned.kept.files, planned.kept.current], [1, 1]);
  assertEquals(await onDisk(app, core), before);

  const done = await cleanup(app, "?dry_run=false");
  assertEquals(done, { ...planned, dry_run: false });
  assertEquals(await onDisk(app, core), withSignatures("b-1-1-any.pkg.tar.zst"));
  assertEquals((await cleanup(app)).files, []);
});

Deno.test("cleanup needs the token, POST, and a dry_run that is true or false", async (t) => {
  const { app, core } = await withPackages(["a"]);
  await using _ = app;
  await nextVersion(app, core, ["a"]);
  const path = "/api/v1/cleanup";
  const authorization = `Bearer ${TOKEN}`;
  for (const headers of [{}, { authorization: `${authorization}x` }]) {
    const { status, headers: answered } = await app.request("POST", path, { headers });
    assertEquals([status, answered.get("www-authenticate")], [401, "Bearer"]);
  }
  for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
    await t.step(method, async () => {
      const response = await app.request(method, path, { headers: { authorization } });
      assertEquals([response.status, response.headers.get("allow")], [405, "POST"]);
    });
  }
  for (const query of ["?dry_run=maybe", "?dry_run=", "?dry_run=TRUE", "?dryrun=true"]) {
    await t.step(query, async () => {
      assertEquals((await administer(app.origin, path + query)).status, 400);
    });
  }
  assertEquals(await onDisk(app, core), withSignatures("a-1-1-any.pkg.tar.zst"));

  await using open = await TestApp.start();
  const refused = await exchange(open.origin, path, { method: "POST", headers: { authorization } });
  assertEquals(refused.status, 403);
  assertStringIncludes(refused.text, "PKGSTASH_TOKEN");
});

Deno.test("a refresh with the mirror down is 502 with the reason and removes nothing", async () => {
  const { app, core } = await withPackages(["a", "b"]);
  await using _ = app;
  await nextVersion(app, core, ["a", "b"]);
  const before = await onDisk(app, core);
  await app.mirror.down();
  const { status, text } = await administer(app.origin, "/api/refresh");
  assertEquals(status, 502);
  assertStringIncludes(text, core.directory);
  assertEquals(await onDisk(app, core), before);
  // Neither does a cleanup until a refresh succeeds.
  assertEquals((await cleanup(app)).files, []);
  assertEquals(await onDisk(app, core), before);
  await app.mirror.up();
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  assertEquals(
    await onDisk(app, core),
    withSignatures(...["a", "b"].map((name) => `${name}-2-1-any.pkg.tar.zst`)),
  );
});

Deno.test("a repository that cannot be refreshed keeps its packages, and the others are cleaned up", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: SETTINGS,
    tables: () => `mirrored_repos = ["core", "extra"]\n`,
  });
  const repositories = ["core", "extra"].map((name) =>
    new PublishedRepository(app.mirror, name).set("a", 1)
  );
  for (const repository of repositories) {
    await repository.publish();
    await app.warm(repository.package("a", 1));
  }
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  for (const repository of repositories) await repository.set("a", 2).publish();
  const [failing, other] = repositories as [PublishedRepository, PublishedRepository];
  app.mirror.behave(failing.path("core.db"), { kind: "status", code: 500 });
  const events = await refreshEvents(app.origin);
  assertEquals(
    events.filter(({ event, status }) => event === "database" && status !== "started")
      .map(({ repository, status }) => [repository, status]).sort(),
    [[failing.directory, "failed"], [other.directory, "updated"]],
  );
  const { status, removed } = events.find(({ event }) => event === "cleanup")!;
  assertEquals([status, removed], ["done", 1]);
  assertEquals(events.at(-1)!.event, "failed");
  assertMatch(String(events.at(-1)!.reason), /^core\/os\/x86_64: /);
  const files = await Promise.all(repositories.map((one) => onDisk(app, one)));
  const [old, next] = ["a-1-1-any.pkg.tar.zst", "a-2-1-any.pkg.tar.zst"];
  assertEquals(files, [[old], [next, `${next}.sig`]]);
});

Deno.test("a refresh reduces an oversized cache to the low-water mark, keeping what was used last", async () => {
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  const size = 200 * 1024;
  const { app, core } = await withPackages(
    names,
    { max_cache_size: "1MB", cache_low_water: 50 },
    { size },
  );
  await using _ = app;
  await nextMillisecond();
  for (const name of ["a", "b"]) await app.get(core.package(name, 1));
  const requests = app.count();
  const events = await refreshEvents(app.origin);
  const done = events.find(({ event }) => event === "cleanup")!;
  assertEquals([done.status, done.removed], ["done", 5]);
  assertEquals(
    await onDisk(app, core),
    withSignatures("a-1-1-any.pkg.tar.zst", "b-1-1-any.pkg.tar.zst"),
  );
  const left = await bytesOnDisk(app, core);
  assert(left <= 512 * 1024, `${left} bytes`);
  // Packages that were removed for space are not prefetched.
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  const asked = app.mirror.requests.slice(requests).map(({ path }) => path);
  assertEquals([...new Set(asked)], [core.path("core.db"), core.path("core.db.sig")]);
});

Deno.test("pinned packages are kept, whatever the limits", async () => {
  const { app, core } = await withPackages(
    ["kept", "nvidia-a", "nvidia-b", "exact", "loose"],
    { max_cache_age: "1s" },
    { tables: `pinned_packages = ["kept", "nvidia-*", "exact-1-1-any.pkg.tar.zst"]\n` },
  );
  await using _ = app;
  const names = ["kept", "nvidia-a", "nvidia-b", "exact", "loose"];
  await nextVersion(app, core, names);
  const planned = await cleanup(app, "?dry_run=true");
  assertEquals(planned.files.map(({ path }) => path), [core.package("loose", 1).slice(1)]);
  assertEquals(planned.kept.pinned, 4);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  const stay = names.filter((name) => name !== "loose").map((name) =>
    `${name}-1-1-any.pkg.tar.zst`
  );
  const next = names.map((name) => `${name}-2-1-any.pkg.tar.zst`);
  assertEquals(await onDisk(app, core), withSignatures(...stay, ...next));
});

Deno.test("clients are served during a cleanup, even from a file that it removes", async () => {
  const size = 5_000_000;
  const { app, core } = await withPackages(["big"], {}, { size });
  await using _ = app;
  await core.set("used", 1).publish();
  await app.warm(core.package("used", 1));
  await nextVersion(app, core, ["big"]);
  const big = await Deno.readFile(app.pathOf(core.package("big", 1)));
  for (let number = 0; number < 800; number++) {
    await Deno.writeTextFile(app.pathOf(core.package(`old${number}`, 1)), "old");
  }
  using reader = await app.open(core.package("big", 1));
  await reader.peek(1);
  let isOver = false;
  const running = cleanup(app).finally(() => isOver = true);
  let served = 0;
  while (!isOver) {
    const answer = await app.get(core.package("used", 1));
    assertEquals([answer.status, answer.headers.get("x-cache")], [200, "HIT"]);
    assertEquals(answer.body, core.bytesOf("used"));
    if (!isOver) served++;
  }
  const { files, skipped, failed } = await running;
  const removed = new Set(files.map(({ path }) => `/${path}`));
  const left = [core.package("big", 1)].filter((path) => !removed.has(path));
  assertEquals({ left, skipped, failed, removed: removed.size }, {
    left: [],
    skipped: 0,
    failed: [],
    removed: 801,
  });
  assert(served > 0, "no client was served meanwhile");
  assertEquals((await reader.finish()).body, big);
  assertEquals(await onDisk(app, core), ["used-1-1-any.pkg.tar.zst"]);
});

/** Packages and signatures of a repository, in bytes. */
async function bytesOnDisk(app: TestApp, core: PublishedRepository): Promise<number> {
  const infos = (await onDisk(app, core)).map((name) => Deno.stat(app.pathOf(core.path(name))));
  return (await Promise.all(infos)).reduce((sum, { size }) => sum + size, 0);
}

/** Waits until the clock, which has milliseconds, moves on. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() === now) await new Promise((resolve) => setTimeout(resolve, 1));
}
