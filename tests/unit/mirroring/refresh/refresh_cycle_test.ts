import { eventLoopTurn } from "../../../../src/async/event_loop_turn.ts";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Repository } from "../../../../src/repositories/repository.ts";
import { PkgstashError } from "../../../../src/errors.ts";
import type { CleanupReport, Removal } from "../../../../src/mirroring/cleanup/cleanup_report.ts";
import {
  RefreshCycle,
  type RefreshEvent,
} from "../../../../src/mirroring/refresh/refresh_cycle.ts";
import type { Snapshots } from "../../../../src/mirroring/databases/snapshots.ts";
import { administer, TOKEN } from "../../../support/administration.ts";
import { ChangingRepository } from "../../../support/changing_repository.ts";
import { Gate } from "../../../support/fake_mirror.ts";
import { beforeTimeouts } from "../../../support/patience.ts";
import { TestApp, testConfig } from "../../../support/test_app.ts";

const NAMES = ["core", "extra", "multilib"];
const repositories = NAMES.map((name) => new ChangingRepository({ name, signed: false }));
const [core, extra] = repositories as [ChangingRepository, ChangingRepository];

async function start(mirrors = 1): Promise<TestApp> {
  const app = await TestApp.start({
    mirrors,
    token: TOKEN,
    settings: { database_max_age: "1h" },
    tables: () => `mirrored_repos = ${JSON.stringify(NAMES)}\n`,
  });
  for (const repository of repositories) await repository.publish(app.mirrors, 1);
  return app;
}

function linesOf(text: string): Record<string, unknown>[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("a refresh returns 204 when every database is published", async () => {
  await using app = await start();
  const { status, text } = await administer(app.origin, "/api/refresh");
  assertEquals([status, text], [204, ""]);
  const before = app.count();
  for (const repository of repositories) {
    const { headers, body } = await app.get(repository.path("db"));
    assertEquals([headers.get("x-cache"), repository.numberOf(body)], ["HIT", 1]);
  }
  assertEquals(app.count(), before);
});

Deno.test("an administrator's refresh with nothing new asks each mirror, and compares bytes and signature with one", async (t) => {
  for (const mirrors of [1, 3]) {
    await t.step(`${mirrors} mirrors`, async () => {
      await using app = await start(mirrors);
      await administer(app.origin, "/api/refresh");
      const count = (method: string) =>
        app.mirrors.flatMap(({ requests }) => requests.filter((one) => one.method === method))
          .length;
      const before = [count("HEAD"), count("GET")] as const;
      assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
      // For each of three repositories, the database and a signature, which there is none of.
      assertEquals([count("HEAD") - before[0], count("GET") - before[1]], [3 * mirrors, 3 + 3]);
    });
  }
});

Deno.test("a refresh during another one is refused with 409, in either form", async () => {
  await using app = await start();
  const gate = new Gate();
  app.mirror.behave(core.path("db"), { kind: "hangBeforeHeaders", gate }, 1);
  const running = administer(app.origin, "/api/refresh");
  await gate.reached;
  assertEquals((await administer(app.origin, "/api/refresh")).status, 409);
  assertEquals((await administer(app.origin, "/api/v1/refresh")).status, 409);
  gate.release();
  assertEquals((await running).status, 204);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
});

Deno.test("a refresh reports what fails with its reason, and refreshes the others", async () => {
  await using app = await start();
  app.mirror.behave(extra.path("db"), { kind: "status", code: 500 });
  const { status, text } = await administer(app.origin, "/api/refresh");
  assertEquals(status, 502);
  assertMatch(text, /^extra\/os\/x86_64: .*500/);
  assertEquals(text.includes("core/os"), false);
  const before = app.count();
  assertEquals((await app.get(core.path("db"))).headers.get("x-cache"), "HIT");
  assertEquals(app.count(), before);
});

Deno.test("a refresh requires the administrator's token, and POST", async () => {
  await using app = await start();
  for (const target of ["/api/refresh", "/api/v1/refresh"]) {
    assertEquals((await app.request("POST", target)).status, 401);
    const wrong = { authorization: "Bearer wrong" };
    assertEquals((await app.request("POST", target, { headers: wrong })).status, 401);
    const right = { authorization: `Bearer ${TOKEN}` };
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      const { status, headers } = await app.request(method, target, { headers: right });
      assertEquals([status, headers.get("allow")], [405, "POST"]);
    }
  }
  assertEquals(app.count(), 0);
});

Deno.test("a refresh over the API is refused when no token is configured", async () => {
  await using app = await TestApp.start();
  assertEquals((await app.request("POST", "/api/refresh")).status, 403);
});

Deno.test("a refresh streams its progress, one JSON object per line", async () => {
  await using app = await start();
  const gate = new Gate();
  app.mirror.behave(core.path("db"), { kind: "hangBeforeHeaders", gate }, 1);
  using opened = await app.open("/api/v1/refresh", {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const { status, headers } = await opened.head();
  assertEquals([status, headers.get("content-type")], [200, "application/x-ndjson"]);
  // All start, two end, and one waits.
  let received: Record<string, unknown>[] = [];
  for (let length = 1; received.length < 5;) {
    const bytes = await opened.peek(length);
    received = linesOf(new TextDecoder().decode(bytes.subarray(0, bytes.lastIndexOf(10))));
    length = bytes.length + 1;
  }
  const database = (repository: ChangingRepository, status: string) => ({
    event: "database",
    repository: `${repository.name}/os/x86_64`,
    status,
  });
  assertEquals(received.slice(0, 3), repositories.map((one) => database(one, "started")));
  gate.release();
  const lines = linesOf((await opened.finish()).text);
  assertEquals(lines.slice(-4), [
    database(core, "updated"),
    { event: "plan", files: 0, bytes: 0 },
    { event: "cleanup", status: "done", removed: 0, bytes_freed: 0 },
    { event: "done", databases: 3, failed: 0, prefetched: 0 },
  ]);
});

Deno.test("a refresh that fails ends its stream with the failure", async () => {
  await using app = await start();
  app.mirror.behave(extra.path("db"), { kind: "status", code: 500 });
  const lines = linesOf((await administer(app.origin, "/api/v1/refresh")).text);
  const [cleanup, done, failed] = lines.slice(-3);
  assertEquals(cleanup, { event: "cleanup", status: "done", removed: 0, bytes_freed: 0 });
  assertEquals(done, { event: "done", databases: 3, failed: 1, prefetched: 0 });
  assertEquals([failed!.event, failed!.kind], ["failed", "upstream"]);
});

Deno.test("a refresh continues when its client disconnects", async () => {
  await using app = await start();
  const gate = new Gate();
  app.mirror.behave(core.path("db"), { kind: "hangBeforeHeaders", gate }, 1);
  const opened = await app.open("/api/v1/refresh", {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await opened.peek(10);
  await gate.reached;
  opened.close();
  gate.release();
  await app.log.waitFor(/INFO refresh done .*failed=0/);
  assertEquals((await app.get(core.path("db"))).headers.get("x-cache"), "HIT");
});

Deno.test("the daemon stops during a refresh without waiting for the mirror", async () => {
  const app = await start();
  const gate = new Gate();
  app.mirror.behave(core.path("db"), { kind: "hangBeforeHeaders", gate });
  const running = administer(app.origin, "/api/refresh").catch(() => null);
  await gate.reached;
  await beforeTimeouts(app[Symbol.asyncDispose]());
  await running;
});

Deno.test("the daemon refreshes by itself, on the schedule of the latest configuration", async () => {
  await using app = await TestApp.start({ settings: { refresh_interval: "0" } });
  await core.publish(app.mirrors, 1);
  const configure = (refresh_interval: string) =>
    app.app.reconfigure(testConfig(app.app.config.cacheRoot, app.mirrors, {
      settings: { refresh_interval, refresh_jitter: "1ms", port: app.app.config.port },
    }));
  configure("24d");
  configure("10ms");
  await app.mirror.waitForRequest(core.path("db"), 4);
  configure("0");
});

const REMOVAL: Removal = { path: "core/foo", bytes: 1, reason: "size", why: "" };
const CLEANUP: CleanupReport = {
  plan: "",
  dryRun: false,
  removed: [],
  bytesFreed: 0,
  failed: [],
  skipped: 0,
  kept: { files: 0, bytes: 0, current: 0, pinned: 0, inFlight: 0 },
  unmet: null,
};

interface Faults {
  prefetch?: Error;
  cleanup?: Error;
  databasePatienceMs?: number;
  cleanupIntervalMs?: number;
  /** Whether a prefetch ends only after a cleanup. */
  isPrefetchSlow?: boolean;
  /** Repositories that no mirror has any more. */
  vanished?: readonly string[];
}

/** A cycle over repositories that `refresh` refreshes, and what it has done. */
function cycleOf(
  names: readonly string[],
  refresh: (name: string) => Promise<boolean>,
  { prefetch, cleanup, isPrefetchSlow = false, vanished = [], ...options }: Faults = {},
) {
  const cleaned = Promise.withResolvers<void>();
  const done: string[] = [];
  const events: RefreshEvent[] = [];
  const cycle = new RefreshCycle({
    snapshots: {
      refresh: ({ directory }: Repository) =>
        Promise.resolve({ done: refresh(directory).then((changed) => ({ changed })) }),
      vanishedSince: ({ directory }: Repository) =>
        Promise.resolve(vanished.includes(directory) ? new Date(0) : null),
    } as unknown as Snapshots,
    repositories: () => Promise.resolve(names.map((directory) => ({ directory }) as Repository)),
    prefetcher: {
      run: async () => {
        done.push("prefetch");
        if (prefetch !== undefined) throw prefetch;
        if (isPrefetchSlow) await cleaned.promise;
        const report = { bytes: 0, failed: [], postponed: [], opensInMs: null };
        return { ...report, fetched: ["a", "b"] };
      },
    },
    cleanup: {
      run: () => {
        done.push("cleanup");
        cleaned.resolve();
        if (cleanup !== undefined) return Promise.reject(cleanup);
        return Promise.resolve({ ...CLEANUP, removed: Array(3).fill(REMOVAL), bytesFreed: 4 });
      },
    },
    lastRefresh: {
      record: () => {
        done.push("record");
        return Promise.resolve();
      },
    },
    ...options,
  });
  return { cycle, done, events, run: () => cycle.run((event) => events.push(event)) };
}

Deno.test("a cycle refreshes the databases, records that, prefetches, and cleans up", async () => {
  const { run, done, events } = cycleOf(["a", "b"], (name) => Promise.resolve(name === "a"));
  await run();
  assertEquals(done, ["record", "prefetch", "cleanup"]);
  assertEquals(events.slice(-4), [
    { event: "database", repository: "a", status: "updated" },
    { event: "database", repository: "b", status: "current" },
    { event: "cleanup", status: "done", removed: 3, bytes_freed: 4 },
    { event: "done", databases: 2, failed: 0, prefetched: 2 },
  ]);
});

const failing = (...names: string[]) => (name: string) =>
  names.includes(name)
    ? Promise.reject(new PkgstashError("upstream", "no mirror"))
    : Promise.resolve(false);

Deno.test("a cycle in which a database fails does everything else, and fails in the end", async () => {
  const { run, done, events } = cycleOf(["a", "b"], failing("a"));
  const error = await assertRejects(run, PkgstashError, "a: no mirror");
  assertEquals(error.kind, "upstream");
  assertEquals(done, ["record", "prefetch", "cleanup"]);
  assertEquals(events.at(-1), { event: "done", databases: 2, failed: 1, prefetched: 2 });
});

Deno.test("a cycle in which every database fails cleans up, but does not count as a refresh", async () => {
  const { run, done } = cycleOf(["a", "b"], failing("a", "b"));
  await assertRejects(run, PkgstashError, "b: no mirror");
  assertEquals(done, ["prefetch", "cleanup"]);
});

Deno.test("a cycle succeeds without a repository that is gone for good, and reports it", async () => {
  const { run, done, events } = cycleOf(["a", "b"], failing("a"), { vanished: ["a"] });
  await run();
  assertEquals(done, ["record", "prefetch", "cleanup"]);
  assertEquals(
    events.filter((event) => event.event === "database" && event.status === "failed").length,
    1,
  );
});

Deno.test("a cycle whose prefetch fails cleans up", async () => {
  const { run, done } = cycleOf(["a"], failing(), { prefetch: new Error("index is gone") });
  await assertRejects(run, PkgstashError, "prefetch: index is gone");
  assertEquals(done, ["record", "prefetch", "cleanup"]);
});

Deno.test("a cycle whose cleanup fails reports it", async () => {
  const { run, events } = cycleOf(["a"], failing(), { cleanup: new Error("read-only") });
  await assertRejects(run, PkgstashError, "cleanup: read-only");
  assertEquals(events.slice(-2), [
    { event: "cleanup", status: "failed", reason: "cleanup: read-only" },
    { event: "done", databases: 1, failed: 0, prefetched: 2 },
  ]);
});

Deno.test("a cycle continues without a database that never arrives", async () => {
  const never = new Promise<boolean>(() => {});
  const { run, done, events } = cycleOf(
    ["a", "b"],
    (name) => name === "a" ? never : Promise.resolve(true),
    { databasePatienceMs: 1 },
  );
  await assertRejects(run, PkgstashError, "a: Stopped waiting for the database");
  assertEquals(done, ["record", "prefetch", "cleanup"]);
  assertEquals(
    events.filter(({ event }) => event === "database").map((event) =>
      "status" in event ? event.status : null
    ).toSorted(),
    ["failed", "started", "started", "updated"],
  );
});

Deno.test("a cycle cleans up during a prefetch that takes long, and once more after it", async () => {
  const { run, done, events } = cycleOf(["a"], () => Promise.resolve(true), {
    cleanupIntervalMs: 1,
    isPrefetchSlow: true,
  });
  await run();
  assertEquals(done.slice(0, 3), ["record", "prefetch", "cleanup"]);
  assertEquals(done.slice(3).includes("cleanup"), true);
  assertEquals(events.filter(({ event }) => event === "cleanup").length, 1);
});

Deno.test("a cycle in turn runs after the one that is running, whether that succeeds or fails", async () => {
  const first = Promise.withResolvers<boolean>();
  const order: string[] = [];
  const { cycle, run } = cycleOf(["a"], () => {
    order.push("begins");
    return order.length === 1 ? first.promise : Promise.resolve(true);
  });
  const running = run();
  await assertRejects(run, PkgstashError, "another refresh is in progress");
  const queued = cycle.runInTurn();
  await eventLoopTurn();
  order.push("ends");
  first.reject(new PkgstashError("upstream", "no mirror"));
  await assertRejects(() => running, PkgstashError, "no mirror");
  await queued;
  assertEquals(order, ["begins", "ends", "begins"]);
});

Deno.test("a cycle refreshes all repositories at the same time", async () => {
  const both = Promise.withResolvers<boolean>();
  let begun = 0;
  const { run } = cycleOf(["a", "b"], () => {
    if (++begun === 2) both.resolve(false);
    return both.promise;
  });
  await run();
});

Deno.test("a stopped cycle neither prefetches nor cleans up, and cannot run again", async () => {
  const hanging = Promise.withResolvers<boolean>();
  const { cycle, run, done } = cycleOf(["a"], () => hanging.promise);
  const running = assertRejects(run, PkgstashError, "stopping");
  const stopped = cycle.stop();
  hanging.resolve(true);
  await stopped;
  await running;
  await assertRejects(run, PkgstashError, "stopping");
  assertEquals(done, []);
});
