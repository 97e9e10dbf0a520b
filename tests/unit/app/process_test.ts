import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { statIfPresent } from "../../../src/platform/files/durable.ts";
import { ChildDaemon } from "../../support/child_daemon.ts";
import { FakeMirror, Gate } from "../../support/fake_mirror.ts";
import { exchange, HttpExchange } from "../../support/http_exchange.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { until } from "../../support/until.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const SIZE = 2_000_000;
const bytes = packageBytes(SIZE, 1);

/** Runs a test with a folder for a daemon, and a mirror that has a package. */
async function withMirror(
  test: (folder: string, mirror: FakeMirror) => Promise<void>,
): Promise<void> {
  await using folder = await TempFolder.create();
  await using mirror = await FakeMirror.start();
  mirror.put(PATH, bytes);
  await test(folder.path, mirror);
}

/** Runs a test with a daemon that sends a package, of which the rest comes through the gate. */
function inTransfer(
  test: (running: { child: ChildDaemon; client: HttpExchange; gate: Gate }) => Promise<void>,
): Promise<void> {
  return withMirror(async (folder, mirror) => {
    const gate = new Gate();
    mirror.behave(PATH, { kind: "gate", gate, bytes: 100_000 }, 1);
    await using child = await ChildDaemon.spawn(folder, { mirror_urls: [mirror.url] });
    using client = await HttpExchange.open(await child.origin(), PATH);
    await client.peek(1);
    await test({ child, client, gate });
  });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} lets a transfer finish, and the exit code is 0`, () =>
    inTransfer(async ({ child, client, gate }) => {
      child.signal(signal);
      await child.printed(/stopping/);
      gate.release();
      const { isComplete, body } = await client.finish();
      assertEquals([isComplete, body], [true, bytes]);
      const { code, stdout, stderr } = await child.ended();
      assertEquals([code, stderr], [0, ""]);
      assertMatch(stdout, /INFO stopped\n$/);
    }));
}

Deno.test("Ctrl-C that arrives twice, as through deno task, lets a transfer finish", () =>
  inTransfer(async ({ child, client, gate }) => {
    child.signal("SIGINT");
    await child.printed(/stopping/);
    child.signal("SIGINT");
    gate.release();
    const { isComplete, body } = await client.finish();
    assertEquals([isComplete, body], [true, bytes]);
    assertEquals((await child.ended()).code, 0);
  }));

Deno.test("a stop that drain_timeout cuts short has exit code 0 and an empty stderr", () =>
  withMirror(async (folder, mirror) => {
    mirror.behave(PATH, { kind: "stallAfter", bytes: 1_000_000 });
    await using child = await ChildDaemon.spawn(folder, {
      mirror_urls: [mirror.url],
      drain_timeout: "300ms",
      stall_timeout: "60s",
    });
    using client = await HttpExchange.open(await child.origin(), PATH);
    await client.peek(900_000);
    child.signal("SIGTERM");
    assertEquals((await client.finish()).isComplete, false);
    const { code, stdout, stderr } = await child.ended();
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /transfers aborted/);
    const part = `${folder}/cache/.pkgstash/parts${PATH}.part`;
    assertEquals((await Deno.stat(part)).size > 900_000, true);
  }));

Deno.test("a second signal ends at once, and the next start resumes the transfer", () =>
  withMirror(async (folder, mirror) => {
    const gate = new Gate();
    mirror.behave(PATH, { kind: "gate", gate, bytes: 1_500_000 }, 1);
    const settings = { mirror_urls: [mirror.url], drain_timeout: "1h", stall_timeout: "1h" };
    await using child = await ChildDaemon.spawn(folder, settings);
    using client = await HttpExchange.open(await child.origin(), PATH);
    await client.peek(1_400_000);
    const sidecar = `${folder}/cache/.pkgstash/parts${PATH}.json`;
    await until(
      "it is recorded whose bytes they are",
      async () => await statIfPresent(sidecar) !== null,
    );
    child.signal("SIGTERM");
    await child.printed(/stopping drain_ms/);
    child.signal("SIGTERM");
    const { code, stdout } = await child.ended();
    assertEquals(code, 1);
    assertMatch(stdout, /WARNING stopping at once, aborting transfers\n$/);
    gate.release();
    await using next = await ChildDaemon.spawn(folder, { ...settings, drain_timeout: "30s" });
    assertEquals((await exchange(await next.origin(), PATH)).body, bytes);
    const asked = mirror.requests.filter((request) => request.path === PATH).at(-1)!;
    assertMatch(asked.headers.get("range") ?? "", /^bytes=[1-9]/);
    next.signal("SIGTERM");
    assertEquals((await next.ended()).code, 0);
  }));

Deno.test("SIGHUP with an emptied file warns of everything that it removes", () =>
  withMirror(async (folder, mirror) => {
    await using child = await ChildDaemon.spawn(folder, { mirror_urls: [mirror.url] });
    await child.origin();
    await ChildDaemon.configure(folder, { refresh_interval: "0" });
    child.signal("SIGHUP");
    const [line] = await child.printed(/.*the new configuration drops.*\n/);
    assertMatch(line, /WARNING .*mirror_urls was removed: the default mirrors are used/);
    child.signal("SIGTERM");
    assertEquals((await child.ended()).code, 0);
  }));

Deno.test("broken transfers and disconnected clients cause no stack traces", () =>
  withMirror(async (folder, mirror) => {
    mirror.behave(PATH, { kind: "cutAfter", bytes: 300_000 }, 1);
    mirror.behave(PATH, { kind: "status", code: 503 });
    await using child = await ChildDaemon.spawn(folder, {
      mirror_urls: [mirror.url],
      answer_timeout: "1500ms",
    });
    const origin = await child.origin();
    // The only mirror breaks the transfer off.
    assertEquals((await exchange(origin, PATH)).isComplete, false);
    await child.printed(/mirror failed/);
    // Clients disconnect during a miss and during a hit, and one before the response.
    mirror.behave(PATH, { kind: "correct" });
    for (let round = 0; round < 3; round++) {
      using client = await HttpExchange.open(origin, PATH);
      await client.peek(1);
    }
    const hanging = PATH.replace("foo", "bar");
    mirror.behave(hanging, { kind: "hangBeforeHeaders" });
    const leaver = await HttpExchange.open(origin, hanging);
    await mirror.waitForRequest(hanging);
    leaver.close();
    await child.printed(/request failed path=\S*bar/);
    assertEquals((await exchange(origin, PATH)).body, bytes);
    child.signal("SIGTERM");
    const { code, stdout, stderr } = await child.ended();
    assertEquals([code, stderr], [0, ""]);
    assertEquals(/^\s+at /m.test(stdout), false, stdout);
    assertEquals(/Uncaught|stack=/.test(stdout), false, stdout);
  }));

Deno.test("SIGHUP applies a good configuration, and keeps the old one if the new one is bad", () =>
  withMirror(async (folder, mirror) => {
    const settings = { mirror_urls: [mirror.url] };
    await using child = await ChildDaemon.spawn(folder, { ...settings, mirrored_repos: ["extra"] });
    const origin = await child.origin();
    assertEquals((await exchange(origin, PATH)).status, 404);
    await ChildDaemon.configure(folder, { ...settings, mirrored_repos: ["core"] });
    child.signal("SIGHUP");
    await child.printed(/configuration reloaded/);
    assertEquals((await exchange(origin, PATH)).status, 200);
    await Deno.writeTextFile(`${folder}/pkgstash.toml`, "mirrored_repos = 7\nnonsense = true\n");
    child.signal("SIGHUP");
    const [line] = await child.printed(/.*cannot reload the configuration.*\n/);
    assertMatch(line, /ERROR .*keeping the old one.*mirrored_repos/);
    assertMatch(line, /nonsense/);
    assertEquals((await exchange(origin, PATH)).status, 200);
    child.signal("SIGTERM");
    const { code, stderr } = await child.ended();
    assertEquals([code, stderr], [0, ""]);
  }));

Deno.test("a second instance on a cache directory has exit code 1 and says why", () =>
  withMirror(async (folder, mirror) => {
    const settings = { mirror_urls: [mirror.url] };
    await using first = await ChildDaemon.spawn(folder, settings);
    const origin = await first.origin();
    await using second = await ChildDaemon.spawn(folder, settings);
    const { code, stderr } = await second.ended();
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^pkgstash: Cannot use the cache directory: another pkgstash \(process \d+\).*\n$/,
    );
    assertEquals((await exchange(origin, PATH)).status, 200);
    // A crash leaves no lock behind.
    first.signal("SIGKILL");
    await first.ended();
    await using third = await ChildDaemon.spawn(folder, settings);
    assertEquals((await exchange(await third.origin(), PATH)).status, 200);
  }));

Deno.test("a failure to start is one line on stderr, with exit code 1", (t) =>
  withMirror(async (folder, mirror) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await Deno.writeTextFile(`${folder}/file`, "");
    const cases: [name: string, settings: Record<string, unknown>, pattern: RegExp][] = [
      [
        "a port in use",
        { port: taken.addr.port },
        /Cannot listen on 127\.0\.0\.1 port \d+: .*in use/,
      ],
      [
        "a cache directory below a file",
        { cache_root: `${folder}/file/cache` },
        /Cannot use the cache directory.*cache_root/,
      ],
      [
        "a cache directory that cannot be created",
        { cache_root: "/proc/pkgstash" },
        /Cannot use the cache directory.*cache_root/,
      ],
      [
        "an address of another machine",
        { listen_address: "203.0.113.1" },
        /Cannot listen on 203\.0\.113\.1/,
      ],
      [
        "a missing certificate",
        { tls_certificate: `${folder}/none`, tls_key: `${folder}/none` },
        /TLS.*none.*tls_certificate/,
      ],
    ];
    for (const [name, settings, pattern] of cases) {
      await t.step(name, async () => {
        await using child = await ChildDaemon.spawn(folder, {
          mirror_urls: [mirror.url],
          ...settings,
        });
        const { code, stdout, stderr } = await child.ended();
        assertEquals(code, 1, stderr);
        assertMatch(stderr, pattern);
        assertMatch(stderr, /^pkgstash: .*\n$/);
        assertEquals(stdout, "");
      });
    }
  }));

Deno.test("the daemon prints its address, its cache directory and a line for the mirrorlist", () =>
  withMirror(async (folder, mirror) => {
    await using child = await ChildDaemon.spawn(folder, { mirror_urls: [mirror.url] });
    const origin = await child.origin();
    child.signal("SIGTERM");
    const { stdout } = await child.ended();
    assertStringIncludes(stdout, `${folder}/cache`);
    assertStringIncludes(stdout, `Server = ${origin}/$repo/os/$arch\n`);
  }));
