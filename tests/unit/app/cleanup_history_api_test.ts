import { assert, assertEquals } from "@std/assert";
import type {
  CleanupLimits,
  CleanupResult,
  CleanupRun,
  RemovalReport,
} from "../../../src/api/cleanup.ts";
import type { EventReport } from "../../../src/api/events.ts";
import { administer, TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TestApp } from "../../support/test_app.ts";
import { pkgstash } from "../cli/administration_child.ts";

const OLD = "core/os/x86_64/a-1-1-any.pkg.tar.zst";

/** A daemon with a package that no database lists any more. */
async function start(): Promise<TestApp> {
  const app = await TestApp.start({
    token: TOKEN,
    settings: {
      database_max_age: "0s",
      refresh_interval: "1h",
      min_free_space: "1MB",
      keep_versions: 0,
      max_cache_size: "1GB",
      cache_low_water: 50,
    },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const core = new PublishedRepository(app.mirror).set("a", 1);
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);
  await app.warm(`/${OLD}`);
  await core.set("a", 2).publish();
  await app.get(core.path("core.db"));
  return app;
}

async function ask<T>(app: TestApp, target: string): Promise<T> {
  const { text } = await app.get(`/api/v1/${target}`, { authorization: `Bearer ${TOKEN}` });
  return JSON.parse(text);
}

Deno.test("the plan of a dry run is carried out as shown, or refused with 409", async () => {
  await using app = await start();
  const dry = await administer(app.origin, "/api/v1/cleanup?dry_run=true");
  const { plan, files } = JSON.parse(dry.text) as CleanupResult;
  assertEquals(files.map(({ path }) => path), [OLD]);
  const other = await administer(app.origin, `/api/v1/cleanup?plan=${plan.replace(/./g, "0")}`);
  assertEquals(other.status, 409);
  assertEquals((await Deno.stat(app.pathOf(OLD))).isFile, true);
  const both = await administer(app.origin, `/api/v1/cleanup?dry_run=true&plan=${plan}`);
  assertEquals(both.status, 400);
  const done = await administer(app.origin, `/api/v1/cleanup?plan=${plan}`);
  assertEquals(JSON.parse(done.text), { ...JSON.parse(dry.text), dry_run: false });
  assertEquals((await administer(app.origin, `/api/v1/cleanup?plan=${plan}`)).status, 409);
  const { events } = await ask<{ events: EventReport[] }>(app, "events?kind=change");
  assertEquals(events.map(({ details }) => details["files"]), [1], "dry runs are no events");
});

Deno.test("the API and the command line say what removed a file", async () => {
  await using app = await start();
  await administer(app.origin, "/api/v1/cleanup");
  const { removals } = await ask<{ removals: RemovalReport[] }>(app, "cleanup/removals?q=a-1");
  assertEquals(removals.map(({ path, reason, cleanup }) => [path, reason, cleanup]), [
    [OLD, "superseded", 1],
  ]);
  const { runs } = await ask<{ runs: CleanupRun[] }>(app, "cleanup/runs");
  const bytes = removals[0]!.bytes;
  assertEquals(
    runs.map(({ number, cause, files, bytes_freed }) => [number, cause, files, bytes_freed]),
    [[1, "requested", 1, bytes]],
  );
  const none = await ask<{ removals: RemovalReport[] }>(app, "cleanup/removals?run=7");
  assertEquals(none.removals, []);
  const env = { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: app.origin };
  const history = await pkgstash(["cleanup", "--history"], { env });
  assert(/^ +1 +\S.* +requested +1 +\S+ \S+ +1 superseded/m.test(history.out), history.out);
  const removed = await pkgstash(["cleanup", "--removed", "a-1"], { env });
  assert(removed.out.includes(OLD) && removed.out.includes("keep_versions is 0"), removed.out);
});

Deno.test("cache limits are shown with their current use and the time of the next cleanup", async () => {
  await using app = await start();
  const limits = await ask<CleanupLimits>(app, "cleanup/limits");
  assertEquals(
    [limits.max_cache_bytes, limits.low_water_bytes, limits.min_free_bytes, limits.keep_versions],
    [1024 ** 3, 512 * 1024 ** 2, 1024 ** 2, 0],
  );
  assertEquals(limits.max_age_ms, null);
  assert((limits.cache_bytes ?? 0) > 0 && (limits.free_bytes ?? 0) > 0);
  const wait = Date.parse(limits.next_at!) - Date.now();
  assert(wait > 0 && wait <= 2 * 3_600_000, `${wait} ms`);
});
