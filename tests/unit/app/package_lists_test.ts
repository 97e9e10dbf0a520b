import { assertEquals, assertMatch } from "@std/assert";
import type { PackageDetails, PackageList } from "../../../src/api/packages.ts";
import { TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TestApp } from "../../support/test_app.ts";

const DIRECTORY = "core/os/x86_64";

/** A daemon with two versions of `tool`, and `other`, whose database lists `unfetched` as well. */
async function start(): Promise<TestApp> {
  const app = await TestApp.start({
    token: TOKEN,
    settings: {
      database_max_age: "0s",
      refresh_interval: "0",
      min_free_space: "0",
      keep_versions: 1,
    },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const core = new PublishedRepository(app.mirror)
    .set("tool", 1, { size: 3000 }).set("other", 1, { size: 500 }).set("unfetched", 7);
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);
  for (const name of ["tool-1-1", "other-1-1"]) {
    await app.warm(`/${DIRECTORY}/${name}-any.pkg.tar.zst`);
  }
  await core.set("tool", 2, { size: 2000 }).publish();
  await app.get(core.path("core.db"));
  await app.warm(`/${DIRECTORY}/tool-2-1-any.pkg.tar.zst`);
  return app;
}

async function ask<T>(app: TestApp, target: string): Promise<T> {
  const { text } = await app.get(`/api/v1/${target}`, { authorization: `Bearer ${TOKEN}` });
  return JSON.parse(text);
}

Deno.test("a page of packages says why each is kept, and how many match in all", async () => {
  await using app = await start();
  const { packages, total, bytes, nothing_found } = await ask<PackageList>(
    app,
    "packages?q=tool&sort=size&descending=true&limit=1",
  );
  assertEquals([total, bytes, nothing_found], [2, 5000, null]);
  assertEquals(packages.map(({ file }) => file), ["tool-1-1-any.pkg.tar.zst"]);
  assertEquals(packages[0]?.kept_because, ["version"]);
  const next = await ask<PackageList>(
    app,
    "packages?q=tool&sort=size&descending=true&limit=1&offset=1",
  );
  assertEquals(next.packages[0]?.kept_because, ["current"]);
  const old = await ask<PackageList>(app, "packages?kept=version&limit=10");
  assertEquals(old.packages.map(({ version }) => version), ["1-1"]);
});

Deno.test("the next page shows every change: a pin, a use, a removal", async () => {
  await using app = await start();
  const page = async () => (await ask<PackageList>(app, "packages?q=other&limit=5")).packages;
  assertEquals((await page())[0]?.pinned, false);
  const headers = { authorization: `Bearer ${TOKEN}` };
  await app.request("PUT", "/api/v1/pins/other", { headers });
  await app.warm(`/${DIRECTORY}/other-1-1-any.pkg.tar.zst`);
  const [other] = await page();
  assertEquals([other?.pinned, other?.kept_because], [true, ["current", "pinned"]]);
  assertEquals(other?.uses, 2);
  const target = `/api/v1/packages/${DIRECTORY}/other-1-1-any.pkg.tar.zst`;
  assertEquals((await app.request("DELETE", target, { headers })).status, 200);
  assertEquals(await page(), []);
});

Deno.test("one package is shown with its checksum, its other versions, and a newer one of its database", async () => {
  await using app = await start();
  const old = await ask<PackageDetails>(app, `packages/${DIRECTORY}/tool-1-1-any.pkg.tar.zst`);
  assertEquals(old.newer_version, "2-1");
  assertEquals(old.listed, [{ directory: DIRECTORY, version: "2-1" }]);
  assertEquals(old.versions.map(({ version }) => version), ["2-1", "1-1"]);
  assertMatch(old.sha256!, /^[0-9a-f]{64}$/);
  const now = await ask<PackageDetails>(app, `packages/${DIRECTORY}/tool-2-1-any.pkg.tar.zst`);
  assertEquals(now.newer_version, null);
});

Deno.test("a search without results suggests names, and says whether a database lists them", async (t) => {
  await using app = await start();
  const listed = [{ directory: DIRECTORY, version: "2-1" }];
  for (
    const [query, found] of [
      ["q=unfetched", {
        name: "unfetched",
        is_cached: false,
        listed: [{ directory: DIRECTORY, version: "7-1" }],
      }],
      ["q=toll", { name: "tool", is_cached: true, listed }],
      ["name=tol", { name: "tool", is_cached: true, listed }],
      ["q=something-else-altogether", { name: null, is_cached: false, listed: [] }],
    ] as const
  ) {
    await t.step(query, async () => {
      const list = await ask<PackageList>(app, `packages?${query}&limit=5`);
      assertEquals<unknown>([list.packages, list.nothing_found], [[], found]);
    });
  }
});

Deno.test("an invalid number, sort key or reason is refused", async (t) => {
  await using app = await start();
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (
    const query of ["limit=0", "limit=x", "offset=-1", "sort=color", "kept=hope", "descending=1"]
  ) {
    await t.step(query, async () => {
      assertEquals((await app.get(`/api/v1/packages?${query}`, headers)).status, 400);
    });
  }
});
