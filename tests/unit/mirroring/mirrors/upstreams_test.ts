import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import type { Mirror } from "../../../../src/mirroring/mirrors/mirror.ts";
import { type Connect, Upstreams } from "../../../../src/mirroring/mirrors/upstreams.ts";
import { HttpClient } from "../../../../src/platform/http_client.ts";
import { Metrics } from "../../../../src/platform/observability/metrics.ts";
import type { Repository } from "../../../../src/repositories/repository.ts";
import { FakeMirror, Gate } from "../../../support/fake_mirror.ts";
import { configOf } from "../../../support/configuration.ts";

const CORE: Repository = {
  upstream: "arch",
  name: "core",
  architecture: "x86_64",
  directory: "core/os/x86_64",
};
const PATH = "/core/os/x86_64/a.bin";

/** Upstreams whose clients are counted. */
class CountedUpstreams implements AsyncDisposable {
  opened = 0;
  closed = 0;
  readonly upstreams: Upstreams;

  private constructor(readonly mirror: FakeMirror, readonly other: FakeMirror) {
    const connect: Connect = (settings) => {
      this.opened++;
      const client = new HttpClient(settings);
      const dispose = client[Symbol.dispose].bind(client);
      client[Symbol.dispose] = () => {
        this.closed++;
        dispose();
      };
      return client;
    };
    this.upstreams = new Upstreams(this.config(), new Metrics(), { connect });
  }

  static async start(): Promise<CountedUpstreams> {
    return new CountedUpstreams(await FakeMirror.start(), await FakeMirror.start());
  }

  config(...lines: string[]) {
    const urls = lines.some((line) => line.startsWith("mirror_urls"))
      ? []
      : [`mirror_urls = ["${this.mirror.url}", "${this.other.url}"]`];
    return configOf([...urls, ...lines].join("\n"));
  }

  open(path = "a.bin", only?: readonly Mirror[]) {
    return this.upstreams.get("arch").open({
      ...(only === undefined ? {} : { only }),
      repository: CORE,
      fileName: path,
      headersFor: () => ({}),
      accept: () => Promise.resolve(),
      signal: new AbortController().signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.upstreams[Symbol.dispose]();
    await this.mirror[Symbol.asyncDispose]();
    await this.other[Symbol.asyncDispose]();
  }
}

Deno.test("reloads open no client unless the proxy or the user agent changes", async () => {
  await using counted = await CountedUpstreams.start();
  for (let reload = 0; reload < 200; reload++) {
    counted.upstreams.reconfigure(counted.config(`answer_timeout = "${reload + 1}s"`));
  }
  assertEquals([counted.opened, counted.closed], [1, 0]);
});

Deno.test("reloads that change the user agent close the previous client", async () => {
  await using counted = await CountedUpstreams.start();
  for (let reload = 0; reload < 200; reload++) {
    counted.upstreams.reconfigure(counted.config(`user_agent = "agent/${reload}"`));
  }
  assertEquals([counted.opened, counted.closed], [201, 200]);
});

Deno.test("a replaced client closes with its last response", async () => {
  await using counted = await CountedUpstreams.start();
  const gate = new Gate();
  counted.mirror.put(PATH, new Uint8Array(100_000));
  counted.mirror.behave(PATH, { kind: "gate", gate, bytes: 50_000 });
  const response = await counted.open();
  await gate.reached;
  counted.upstreams.reconfigure(counted.config('user_agent = "another"'));
  assertEquals(counted.closed, 0);
  gate.release();
  let bytes = 0;
  for (let chunk; (chunk = await response.read()) !== null;) bytes += chunk.length;
  assertEquals(bytes, 100_000);
  assertEquals(counted.closed, 1);
});

Deno.test("a replaced client closes after a refusal, too", async () => {
  await using counted = await CountedUpstreams.start();
  await assertRejects(() => counted.open("missing.bin"), PkgstashError);
  counted.upstreams.reconfigure(counted.config('user_agent = "another"'));
  assertEquals(counted.closed, 1);
});

Deno.test("a mirror that stays keeps its health, one that goes is not asked again", async () => {
  await using counted = await CountedUpstreams.start();
  const upstream = counted.upstreams.get("arch");
  const [, second] = upstream.pool.mirrors;
  second!.health.recordFailure("down");
  counted.upstreams.reconfigure(counted.config(`mirror_urls = ["${counted.other.url}"]`));
  assertStrictEquals(counted.upstreams.get("arch"), upstream);
  assertEquals(upstream.pool.mirrors.length, 1);
  assertStrictEquals(upstream.pool.mirrors[0], second);
  assert(second!.health.restMs > 0);
});

Deno.test("a mirror that is listed as a root and as a line is one mirror", async () => {
  await using counted = await CountedUpstreams.start();
  const { url } = counted.mirror;
  const urls = `mirror_urls = ["${url}", "${url}$repo/os/$arch"]`;
  counted.upstreams.reconfigure(counted.config(urls));
  assertEquals(counted.upstreams.get("arch").pool.mirrors.length, 1);
});

Deno.test("a distribution that is no longer configured says so, and its client closes", async () => {
  await using counted = await CountedUpstreams.start();
  const table = `[upstreams.other]
    mirror_urls = ["${counted.mirror.url}"]
    mirrored_repos = ["main"]`;
  counted.upstreams.reconfigure(counted.config(table));
  const other = counted.upstreams.get("other");
  counted.upstreams.reconfigure(counted.config());
  assertEquals([counted.opened, counted.closed], [2, 1]);
  assertThrows(() => counted.upstreams.get("other"), PkgstashError, "no longer configured");
  const signal = new AbortController().signal;
  await assertRejects(
    () => other.describe(other.pool.mirrors[0]!, CORE, "core.db", signal),
    PkgstashError,
    "no longer configured",
  );
  await assertRejects(
    () =>
      other.open({
        repository: CORE,
        fileName: "a.bin",
        headersFor: () => ({}),
        accept: () => Promise.resolve(),
        signal,
      }),
    PkgstashError,
    "no longer configured",
  );
  assertEquals(other.pool.mirrors.map(({ health }) => health.failures), [0], "nobody's fault");
});

Deno.test("a mirror's redirect is followed to another mirror, and to no other server here", async () => {
  await using counted = await CountedUpstreams.start();
  await using stranger = await FakeMirror.start();
  counted.other.put(PATH, new Uint8Array(1000));
  counted.other.put("/sub/a.bin", new Uint8Array(1000));
  counted.other.behave("*", { kind: "correct" });
  const only = [counted.upstreams.get("arch").pool.mirrors[0]!];
  const open = () => counted.open("a.bin", only);

  counted.mirror.behave(PATH, { kind: "redirect", url: `${counted.other.url}sub/a.bin` });
  (await open()).close();
  counted.mirror.behave(PATH, { kind: "redirect", url: `${stranger.url}sub/a.bin` });
  await assertRejects(open, PkgstashError, "add it to redirect_hosts");
  assertEquals(stranger.count(), 0);

  const host = new URL(stranger.url).host;
  stranger.put("/sub/a.bin", new Uint8Array(1000));
  counted.upstreams.reconfigure(counted.config(`redirect_hosts = ["${host}"]`));
  (await open()).close();
  counted.upstreams.reconfigure(counted.config());
  await assertRejects(open, PkgstashError, "add it to redirect_hosts");
  assertEquals(stranger.count(), 1);
});

Deno.test("credentials are sent only to the mirrors of their upstream, and a reload changes them", async () => {
  await using counted = await CountedUpstreams.start();
  await using archive = await FakeMirror.start();
  const withSecret = (value: string) => {
    const config = counted.config(`archive_url = "${archive.url}"`);
    const [main, ...others] = config.upstreams;
    return { ...config, upstreams: [{ ...main!, secretHeaders: { "x-key": value } }, ...others] };
  };
  const upstream = counted.upstreams.get("arch");
  for (const value of ["one", "two"]) {
    counted.upstreams.reconfigure(withSecret(value));
    await assertRejects(() => counted.open("a-1-1-any.pkg.tar.zst"));
    const signal = new AbortController().signal;
    await assertRejects(() =>
      upstream.describe(upstream.pool.mirrors[0]!, CORE, "core.db", signal)
    );
    await upstream.probe(upstream.pool.mirrors[0]!, CORE, "core.db");
    const asked = counted.mirror.requests.slice(-3);
    assertEquals(asked.map(({ headers }) => headers.get("x-key")), [value, value, value]);
  }
  assertEquals(archive.requests.map(({ headers }) => headers.get("x-key")), [null, null]);
});
