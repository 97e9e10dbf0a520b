import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { EXIT_CODE } from "../../../src/cli/errors.ts";
import { TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { Gate } from "../../support/fake_mirror.ts";
import { TestApp, type TestAppOptions } from "../../support/test_app.ts";
import { type Ended, pkgstash } from "./administration_child.ts";

const A = "core/os/x86_64/a-1-1-any.pkg.tar.zst";
const B = "core/os/x86_64/b-1-1-any.pkg.tar.zst";

/** A daemon that has cached the database of `core` and the packages a and b. */
async function start(options: TestAppOptions = {}) {
  const app = await TestApp.start({
    token: TOKEN,
    ...options,
    settings: {
      database_max_age: "0s",
      refresh_interval: "0",
      min_free_space: "0",
      keep_versions: 0,
      ...options.settings,
    },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const core = new PublishedRepository(app.mirror).set("a", 1).set("b", 1, { size: 2000 });
  await core.publish();
  await app.warm(core.path("core.db"));
  // A first database is sent in full a moment before its snapshot is published.
  await app.log.waitFor(/snapshot published/);
  for (const path of [`/${A}`, `/${A}`, `/${B}`]) await app.warm(path);
  // A request is counted just before it is logged, which may be after the client has everything.
  await app.log.waitFor(/INFO request .* cache=/, 4);
  const run = (...args: string[]): Promise<Ended> =>
    pkgstash(args, { env: { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: app.origin } });
  return { app, core, run };
}

/** The output of a command that must succeed and print nothing but its result. */
async function printed(running: Promise<Ended>): Promise<string> {
  const { code, out, err } = await running;
  assertEquals([code, err], [EXIT_CODE.ok, ""]);
  assert(!out.includes("\x1b"), "no colours without a terminal");
  return out;
}

Deno.test("status prints a summary, or with --json exactly the API's answer", async () => {
  const { app, run } = await start();
  await using _ = app;
  const out = await printed(run("status"));
  assertMatch(out, /^Requests +4 \(hit 1, miss 3\)$/m);
  assertMatch(out, /^Hit ratio +25\.0 %$/m);
  assertMatch(out, /^Cache +.*, 2 packages, .* free on the disk$/m);
  assertMatch(out, /^core\/os\/x86_64 +\S.* ago +\S.* ago +ok +127\.0\.0\.1:\d+$/m);
  const json = JSON.parse(await printed(run("status", "--json")));
  const answer = await app.get("/api/v1/status", { authorization: `Bearer ${TOKEN}` });
  assertEquals(Object.keys(json), Object.keys(JSON.parse(answer.text)));
  assertEquals(json.requests.hit, 1);
});

Deno.test("packages can be listed, shown, pinned, unpinned and removed", async () => {
  const { app, run } = await start();
  await using _ = app;
  const listed = await printed(run("packages"));
  assertMatch(listed, /^NAME +VERSION +SIZE +USED +LAST +STATE +REPOSITORY$/m);
  assertMatch(listed, /^a +1-1 +1000 B +2 x +\S.* +current +core\/os\/x86_64$/m);
  assertMatch(listed, /\n2 packages, 2\.9 KiB\.\n$/);
  const some = JSON.parse(
    await printed(run("packages", "list", "b*", "--repository", "core", "--json")),
  );
  assertEquals(some.packages.map(({ path }: { path: string }) => path), [B]);

  const before = Date.now();
  assertStringIncludes(await printed(run("packages", "pin", "b")), "Pinned b");
  const { pins: [pin] } = JSON.parse(await printed(run("packages", "pins", "--json")));
  const since = Date.parse(pin.since);
  assert(before <= since && since <= Date.now(), pin.since);
  assertMatch(await printed(run("packages", "pins")), /^b +api +(?:just now|\d.* ago)$/m);
  assertMatch(await printed(run("packages", "show", "b")), /^State +current, pinned$/m);
  assertMatch(await printed(run("packages", "show", `/${A}`)), /^Used +2 times$/m);
  await printed(run("packages", "unpin", "b"));
  assertEquals(await printed(run("packages", "pins")), "Nothing is pinned.\n");

  const many = await run("packages", "remove", "*");
  assertEquals([many.code, many.out], [EXIT_CODE.failure, ""]);
  assertStringIncludes(many.err, `${A}\n  ${B}\nNothing was removed.`);
  assertEquals(await printed(run("packages", "remove", A)), `Removed ${A}, 1000 B freed.\n`);
  const gone = await run("packages", "remove", A);
  assertEquals([gone.code, gone.out], [EXIT_CODE.failure, ""]);
  assertMatch(
    gone.err,
    /^pkgstash: Cannot find core\/os\/x86_64\/a-1-1.*: this package is not cached\./,
  );
  await printed(run("packages", "remove", "*", "--all"));
  assertEquals(await printed(run("packages")), "No packages are cached.\n");
  assertEquals(await printed(run("packages", "list", "zzz")), "No cached package matches.\n");
});

Deno.test("a dry run prints what the real cleanup then removes, and why", async () => {
  const { app, core, run } = await start();
  await using _ = app;
  await core.set("a", 2).publish();
  await app.get(core.path("core.db"));
  const trial = await printed(run("cleanup", "--dry-run"));
  assertMatch(trial, /^ *SIZE +REASON +FILE +WHY$/m);
  assertStringIncludes(trial, `1000 B  superseded  ${A}  no longer in any database`);
  assertStringIncludes(trial, "1 file would be removed, 1000 B would be freed.");
  assertMatch(
    trial,
    /\nProtected: 1 current, 0 pinned, 0 in flight; any others are within the limits/,
  );
  assertEquals(JSON.parse(await printed(run("cleanup", "--json"))).files.length, 1);
  assertMatch(await printed(run("cleanup")), /^Nothing had to be removed\.$/m);
});

Deno.test("a refresh without a terminal prints a line or a JSON object for each step", async () => {
  const { app, core, run } = await start();
  await using _ = app;
  await core.set("a", 2, { size: 3000 }).publish();
  const lines = (await printed(run("refresh"))).trimEnd().split("\n");
  assertEquals(lines, [
    "database core/os/x86_64: updated",
    "prefetch: 1 package, 2.9 KiB",
    "prefetch core/os/x86_64/a-2-1-any.pkg.tar.zst: fetched, 2.9 KiB",
    "cleanup: 1 file removed, 1000 B freed",
    "done: 1 database, 1 package prefetched",
  ]);
  const events = (await printed(run("refresh", "--json"))).trimEnd().split("\n");
  assertEquals(JSON.parse(events.at(-1)!), {
    event: "done",
    databases: 1,
    failed: 0,
    prefetched: 0,
  });
});

Deno.test("a refresh that fails, or runs beside another, exits with 1 and the reason", async () => {
  const { app, core, run } = await start();
  await using _ = app;
  const gate = new Gate();
  await core.set("a", 2).publish();
  app.mirror.behave(core.path("core.db"), { kind: "gate", gate, bytes: 10 });
  const first = run("refresh");
  await gate.reached;
  const second = await run("refresh");
  assertEquals([second.code, second.out], [EXIT_CODE.failure, ""]);
  assertMatch(second.err, /^pkgstash: Cannot refresh: a refresh is already in progress\./);
  gate.release();
  await printed(first);
  await app.mirror.down();
  const failed = await run("refresh");
  assertEquals(failed.code, EXIT_CODE.failure);
  assertStringIncludes(failed.out, "database core/os/x86_64: failed, ");
  assertMatch(failed.err, /^pkgstash: Cannot refresh everything:\n {2}core\/os\/x86_64: /);
  await app.mirror.up();
});

Deno.test("mirrors can be listed, and a test that a mirror fails exits with 1", async () => {
  const { app, run } = await start();
  await using _ = app;
  const list = await printed(run("mirrors"));
  assertMatch(list, /^arch +127\.0\.0\.1:\d+ +ready +\d+ ms +- +0 +0 +-$/m);
  assertMatch(
    await printed(run("mirrors", "test")),
    /^arch +\S+ +ok +\d+ ms +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +-$/m,
  );
  await app.mirror.down();
  const { code, out, err } = await run("mirrors", "test");
  assertEquals([code, err], [EXIT_CODE.failure, ""]);
  assertMatch(out, /^arch +\S+ +failed +- +- +\S/m);
  await app.mirror.up();
});

Deno.test("downloads are printed once without a terminal", async () => {
  const { app, core, run } = await start();
  await using _ = app;
  assertEquals(await printed(run("downloads")), "Nothing is being downloaded.\n");
  const gate = new Gate();
  await core.set("c", 1, { size: 4000 }).publish();
  app.mirror.behave(core.package("c", 1), { kind: "gate", gate, bytes: 2000 });
  const pending = app.get(core.package("c", 1));
  await gate.reached;
  assertMatch(
    await printed(run("downloads")),
    /^\[[#-]{14}\] +.* of 3\.9 KiB +\S+ \S+\/s +\S.* +1 client +core\/os\/x86_64\/c-1-1\S+ +127\.0\.0\.1/m,
  );
  gate.release();
  assertEquals((await pending).status, 200);
});

Deno.test("the log level can be printed and set", async () => {
  const { app, run } = await start();
  await using _ = app;
  assertEquals(await printed(run("log-level", "error")), "error\n");
  assertEquals(await printed(run("log-level")), "error\n");
  assertEquals(JSON.parse(await printed(run("log-level", "--json"))), { level: "error" });
});

Deno.test("the lines for clients can be pasted unchanged", async () => {
  const { app, run } = await start();
  await using _ = app;
  const out = await printed(run("client-config"));
  const active = out.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assertEquals(active, [`Server = ${app.origin}/$repo/os/$arch`]);
  assertStringIncludes(out, `#CacheServer = ${app.origin}/cache\n`);
});

Deno.test("client-config needs no token, and all other commands say that they do", async () => {
  const { app } = await start();
  await using _ = app;
  const env = { PKGSTASH_URL: app.origin };
  assertStringIncludes(await printed(pkgstash(["client-config"], { env })), "Server = ");
  const { code, err } = await pkgstash(["status"], { env });
  assertEquals(code, EXIT_CODE.refused);
  assertStringIncludes(err, "The daemon needs the same token");
});

Deno.test("every failure to reach the daemon has a message with advice, and its own exit code", async (t) => {
  const { app } = await start();
  await using _ = app;
  const directory = await Deno.makeTempDir();
  // A port that was free a moment ago may be another program's by now; this one is nobody's.
  const closed = "http://127.0.0.1:2";
  await using older = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("There is no such command.\n", { status: 404 }),
  );
  const olderUrl = `http://127.0.0.1:${older.addr.port}`;
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<h1>Welcome</h1>", { headers: { "content-type": "text/html" } }),
  );
  const otherUrl = `http://127.0.0.1:${other.addr.port}`;
  await using off = await TestApp.start();
  try {
    const table: [string[], Record<string, string>, number, RegExp][] = [
      [
        ["status", "--url", closed],
        { PKGSTASH_TOKEN: TOKEN },
        3,
        /Cannot reach pkgstash at .*refused.*\n.*deno task start/,
      ],
      [["status", "--url", "localhost:1"], { PKGSTASH_TOKEN: TOKEN }, 2, /is not an HTTP URL/],
      [
        ["status", "--url", app.origin],
        { PKGSTASH_TOKEN: "x" },
        4,
        /Cannot use http.*: it rejects the token from PKGSTASH_TOKEN/,
      ],
      [
        ["status", "--url", off.origin],
        { PKGSTASH_TOKEN: TOKEN },
        4,
        /Cannot use the administrative API: no token is set\. Set/,
      ],
      [
        ["status", "--url", olderUrl],
        { PKGSTASH_TOKEN: TOKEN },
        5,
        /not pkgstash, or an older version than this program/,
      ],
      [
        ["refresh", "--url", olderUrl],
        { PKGSTASH_TOKEN: TOKEN },
        5,
        /not pkgstash, or an older version than this program/,
      ],
      [
        ["status", "--url", otherUrl],
        { PKGSTASH_TOKEN: TOKEN },
        5,
        /Cannot understand the response of .*: status 200, Content-Type text/,
      ],
      [
        ["status", "--token-file", join(directory, "none")],
        {},
        4,
        /token\.\n {2}.*none: no such file/,
      ],
      [["status", "--token-file", "/etc/passwd"], {}, 4, /Deno has no permission to read it/],
    ];
    for (const [args, env, code, expected] of table) {
      await t.step(`${args[0]} ${expected}`, async () => {
        const ended = await pkgstash(args, { env, readable: [directory] });
        assertEquals([ended.code, ended.out], [code, ""], `${args} ${ended.err}`);
        assertMatch(ended.err, expected);
        assert(!ended.err.includes("    at "), "no stack");
        assert(!ended.err.includes(TOKEN), "no token");
      });
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("commands ask the port in PKGSTASH_PORT of this machine, unless a URL is given", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  const { port } = new URL(app.origin);
  const env = { PKGSTASH_TOKEN: TOKEN, PKGSTASH_PORT: port };
  assertMatch(await printed(pkgstash(["status"], { env })), /^Version/);
  const PKGSTASH_URL = "http://127.0.0.1:9";
  const { code } = await pkgstash(["status"], { env: { ...env, PKGSTASH_URL } });
  assertEquals(code, EXIT_CODE.unreachable);
});

Deno.test("a token file overrides the environment, and --url overrides PKGSTASH_URL", async () => {
  const { app } = await start();
  await using _ = app;
  const directory = await Deno.makeTempDir();
  try {
    const file = join(directory, "pkgstash.env");
    await Deno.writeTextFile(file, `# made by hand\nPKGSTASH_TOKEN="${TOKEN}"\n`);
    const { code, err } = await pkgstash(
      ["log-level", "--url", `${app.origin}/`, `--token-file=${file}`],
      {
        env: { PKGSTASH_TOKEN: "wrong", PKGSTASH_URL: "http://127.0.0.1:9" },
        readable: [directory],
      },
    );
    assertEquals([code, err], [EXIT_CODE.ok, ""]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
