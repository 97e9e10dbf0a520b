import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ENDPOINTS } from "../../../../src/api/endpoints.ts";
import { TarReader } from "../../../../src/formats/archive/tar_reader.ts";
import { builtPackage, srcinfoText } from "../../../support/builds.ts";
import { BuildsApp } from "../../../support/builds_app.ts";
import { FakeBuilder } from "../../../support/fake_builder.ts";
import { ownPackage } from "../../../support/own_package.ts";

/** What the tests' builders name as the packager. */
const PACKAGER = '[builds]\npackager = "Builds <builds@example.invalid>"\n';

async function start(settings = ""): Promise<BuildsApp> {
  const tables = () => `mirrored_repos = ["core", "extra"]\n${PACKAGER}${settings}`;
  const app = await BuildsApp.start({ tables });
  await app.createRepository();
  return app;
}

/** The lines of a log, as they come. */
async function logText(app: BuildsApp, target: string): Promise<string> {
  const answer = await app.app.get(`/api/v1/builds/${target}`, {
    authorization: "Bearer secret-of-the-tests",
  });
  assertEquals(answer.status, 200, answer.text);
  return answer.text.trimEnd().split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line).text).join("");
}

Deno.test("a builder gets everything that it needs to build, and its product is published signed", async () => {
  await using app = await start();
  const builder = await app.builder("b1");
  assertEquals(await builder.lease(), null);
  await app.enqueue("foo");
  const job = (await builder.lease({ waitMs: 1000 }))!;
  assertEquals([job.package_base, job.attempt, job.architecture], ["foo", 1, "x86_64"]);
  assertEquals(job.mirrored, [
    { name: "core", servers: [`${app.app.origin}/$repo/os/$arch`] },
    { name: "extra", servers: [`${app.app.origin}/$repo/os/$arch`] },
  ]);
  assertEquals(job.repository.servers, [`${app.app.origin}/$repo/os/$arch`]);
  assert(job.repository.public_keys?.includes("BEGIN PGP PUBLIC KEY"));
  assertEquals(job.source_date_epoch, 1_700_000_000);
  const tar = new TarReader(() => true);
  const members = [...tar.push(await builder.tree(job.id))]
    .map(({ name, mode, link }) => [name, mode, link?.target ?? null]);
  assertEquals(members, [
    [".SRCINFO", 0o644, null],
    ["PKGBUILD", 0o644, null],
    ["latest", 0o777, "run.sh"],
    ["run.sh", 0o755, null],
  ]);
  assertEquals((await builder.heartbeat(job.id)).value, { cancelled: false });
  assertEquals((await builder.metadata(job.id, srcinfoText("foo"))).value, {
    proceed: true,
    differences: [],
  });
  const ended = await builder.finish(job.id, [await builtPackage("foo")]);
  assertEquals(ended.value, { state: "published", missing: [], reason: null });
  const file = "foo-1.0-1-x86_64.pkg.tar.gz";
  for (const path of ["aur.db", "aur.db.sig", file, `${file}.sig`]) {
    assertEquals((await app.app.get(`/aur/os/x86_64/${path}`)).status, 200, path);
  }
});

Deno.test("two builders share the queue", async () => {
  await using app = await start();
  const [one, other] = [await app.builder("b1"), await app.builder("b2")];
  await app.enqueue("foo");
  await app.enqueue("bar");
  const jobs = [await one.lease(), await other.lease()];
  assertEquals(jobs.map((job) => job?.package_base), ["foo", "bar"]);
  await other.finish(jobs[1]!.id, [await builtPackage("bar")]);
  await one.finish(jobs[0]!.id, [await builtPackage("foo")]);
  const { value } = await app.call("GET", "repositories/aur");
  assertEquals(value.packages.map(({ name }: { name: string }) => name), ["bar", "foo"]);
  const metrics = await app.app.metrics();
  assertEquals(metrics.get('pkgstash_builds{state="published"}'), 2);
  assertEquals(metrics.get('pkgstash_build_attempts_total{outcome="built"}'), 2);
  assertEquals((await app.call("GET", "status")).value.builds, {
    ...{ waiting: 0, running: 0, held: 0, failed: 0, builders: 2 },
  });
  const { value: { events } } = await app.call("GET", "events?kind=build");
  assertEquals(
    events.map(({ action }: { action: string }) => action),
    ["Build a package", "Build a package"],
  );
  const { value: { builders } } = await app.call("GET", "builders");
  assertEquals(builders.map(({ name }: { name: string }) => name), ["b1", "b2"]);
});

Deno.test("a package for any architecture is built on one that the builder has", async () => {
  await using app = await start();
  const builder = await app.builder("b1");
  await app.enqueue("foo", { architectures: ["any"] });
  const job = (await builder.lease({ architectures: ["riscv64", "x86_64"] }))!;
  assertEquals([job.architecture, job.mirrored.length], ["x86_64", 2]);
});

Deno.test("a builder that disconnects while waiting gets no job", async () => {
  await using app = await start();
  const next = await app.builder("b2");
  const leaving = new AbortController();
  const waiting = fetch(`${app.app.origin}/api/v1/builder/lease`, {
    method: "POST",
    headers: { authorization: `Bearer ${await tokenOf(app)}` },
    body: JSON.stringify({ architectures: ["x86_64"], version: "1", wait_ms: 50_000 }),
    signal: leaving.signal,
  }).catch(() => null);
  while ((await app.call("GET", "builders")).value.builders.length === 0);
  leaving.abort();
  await waiting;
  while (!app.app.app.builds.leases.hasNobodyWaiting) await app.call("GET", "builders");
  await app.enqueue("foo");
  assertEquals((await next.lease())?.attempt, 1);
});

Deno.test("a builder's token gives access only to its own jobs", async (t) => {
  await using app = await start();
  const [owner, stranger] = [await app.builder("b1"), await app.builder("b2")];
  await app.enqueue("foo");
  const job = (await owner.lease())!;
  for (const { method, path, right } of ENDPOINTS) {
    if (right !== "builder" || !path.includes("{job}")) continue;
    const target = path.replace("/api/v1/builder/", "").replace("{job}", job.id)
      .replace("{file}", "foo-1.0-1-x86_64.pkg.tar.gz");
    const query = path.endsWith("/log")
      ? "?offset=0"
      : path.endsWith("{file}")
      ? `?sha256=${"0".repeat(64)}`
      : "";
    const body = path.endsWith("/heartbeat")
      ? { step: "building" }
      : path.endsWith("/metadata")
      ? { srcinfo: "" }
      : { outcome: "cancelled", duration_ms: 1 };
    await t.step(`${method} ${target}`, async () => {
      const text = method === "GET" ? undefined : JSON.stringify(body);
      const answer = await stranger.send(method, `${target}${query}`, text);
      assertEquals(answer.status, 404);
    });
  }
  assertEquals((await app.call("GET", "builds/foo")).value.state, "leased");
  const other = await fetch(`${app.app.origin}/api/v1/builds`, {
    headers: { authorization: `Bearer ${await tokenOf(app)}` },
  });
  assertEquals(other.status, 403);
  await other.body?.cancel();
});

async function tokenOf(app: BuildsApp): Promise<string> {
  return (await app.call("POST", "tokens", { name: "b3", purpose: "builder" })).value.token;
}

Deno.test("late, repeated and forged results are refused, and publish nothing", async () => {
  await using app = await start();
  const builder = await app.builder("b1");
  await app.enqueue("foo");
  const job = (await builder.lease())!;
  const foo = await builtPackage("foo");
  assertEquals((await builder.built(job.id, [foo])).value, {
    state: "incomplete",
    missing: [foo.fileName],
    reason: null,
  });
  assertEquals((await builder.upload(job.id, foo, "0".repeat(64))).status, 400);
  assertEquals((await builder.upload(job.id, await builtPackage("glibc"))).status, 400);
  assertEquals((await builder.upload(job.id, { ...foo, fileName: "../../x" })).status, 400);
  assertEquals((await builder.built("f".repeat(32), [foo])).status, 404);
  await builder.failed(job.id, "build_error");
  assertEquals((await builder.finish(job.id, [foo])).status, 409);
  assertEquals((await builder.heartbeat(job.id)).status, 409);
  const { value } = await app.call("GET", "builds/foo");
  assertEquals([value.state, value.failure.class], ["failed", "build_error"]);
  assertEquals((await app.call("GET", "repositories/aur")).value.packages, []);
});

Deno.test("a cancelled build stops its builder", async () => {
  await using app = await start();
  const builder = await app.builder("b1");
  await app.enqueue("foo");
  const job = (await builder.lease())!;
  const cancelled = await app.call("POST", "builds/foo/cancel", { reason: "wrong one" });
  assertEquals([cancelled.status, cancelled.value.state], [200, "cancelled"]);
  assertEquals((await builder.heartbeat(job.id)).value, { cancelled: true });
  assertEquals((await builder.finish(job.id, [await builtPackage("foo")])).status, 409);
  const details = (await app.call("GET", "builds/1")).value;
  assertEquals([details.ended_by.by, details.ended_by.reason], ["administrator", "wrong one"]);
  const { value: { events } } = await app.call("GET", "events?kind=change");
  assertEquals(events[0].action, "Cancel a build");
});

Deno.test("a surprising product is held with its facts, and approved or refused over the API", async () => {
  await using app = await start();
  const builder = await app.builder("b1");
  for (const [action, state] of [["approve", "published"], ["refuse", "failed"]] as const) {
    await app.enqueue(action);
    const job = (await builder.lease())!;
    const ended = await builder.finish(job.id, [await ownPackage(action)]);
    assertEquals(ended.value["state"], "held");
    assertStringIncludes(String(ended.value["reason"]), "another packager");
    const { value } = await app.call("GET", `builds/${action}`);
    assertEquals(value.hold.facts[0].kind, "packager");
    const done = await app.call("POST", `builds/${action}/${action}`, { reason: "seen" });
    assertEquals([done.status, done.value.state], [200, state]);
    const again = await app.call("POST", `builds/${action}/${action}`, {});
    assertEquals(again.status, 409);
  }
});

Deno.test("a log is followed while it is written, from before the build began to its end", async () => {
  await using app = await start();
  const builder = await app.builder("b1");
  await app.enqueue("foo");
  assertEquals((await app.call("GET", "builds/foo/log")).status, 404);
  const following = logText(app, "foo/log?follow=true");
  const job = (await builder.lease())!;
  assertEquals((await builder.log(job.id, 0, "==> one\n")).value, { next_offset: 8, full: false });
  assertEquals((await builder.log(job.id, 50, "lie\n")).value, { next_offset: 8, full: false });
  assertEquals((await builder.log(job.id, 0, "==> one\n==> zwö\n")).value["next_offset"], 17);
  await builder.log(job.id, 17, `token pkgstash_0123456789ab_${"x".repeat(43)}\n`);
  await builder.failed(job.id, "build_error", "exit 4\x1b[2J");
  const text = `==> one\n==> zwö\ntoken pkgstash_0123456789ab_${"*".repeat(43)}\n`;
  assertEquals(await following, text);
  assertEquals(await logText(app, "1/log?attempt=1"), text);
  assertEquals((await app.call("GET", "builds/1")).value.failure.reason, "exit 4 [2J");
});

Deno.test("a flood of output is cut off at the limit, and an oversized part is refused", async () => {
  await using app = await start('max_log_size = "64KB"\n');
  const builder = await app.builder("b1");
  await app.enqueue("foo");
  const job = (await builder.lease())!;
  const part = new Uint8Array(60_000).fill(0x61);
  assertEquals((await builder.log(job.id, 0, part)).value, { next_offset: 60_000, full: false });
  assertEquals((await builder.log(job.id, 60_000, part)).value, {
    next_offset: 65_536,
    full: true,
  });
  assertEquals((await builder.log(job.id, 65_536, part)).value["full"], true);
  assertEquals((await builder.log(job.id, 0, new Uint8Array(300_000))).status, 400);
  await builder.failed(job.id, "build_error");
  assertEquals((await logText(app, "1/log")).length, 65_536);
});

Deno.test("the daemon stops although a builder waits for a job and a reader for a log", async () => {
  await using app = await start();
  const builder = await app.builder("b1");
  const waiting = builder.lease({ waitMs: 50_000 });
  await app.enqueue("foo", { architectures: ["aarch64"] });
  const reading = logText(app, "foo/log?follow=true");
  while ((await app.call("GET", "builders")).value.builders.length === 0);
  await app.app.stop();
  assertEquals([await waiting, await reading], [null, ""]);
});

Deno.test("a restarted daemon continues with the same leases", async () => {
  const root = await Deno.makeTempDir();
  const tables = () => `mirrored_repos = ["core"]\n${PACKAGER}`;
  const options = { cacheRoot: `${root}/cache`, stateRoot: `${root}/state`, tables };
  await Deno.mkdir(options.cacheRoot);
  const first = await BuildsApp.start(options);
  await first.createRepository();
  const { value: { token } } = await first.call("POST", "tokens", {
    name: "b1",
    purpose: "builder",
  });
  await first.enqueue("foo");
  const job = (await new FakeBuilder(first.app.origin, token).lease())!;
  await first[Symbol.asyncDispose]();
  {
    await using second = await BuildsApp.start(options);
    const builder = new FakeBuilder(second.app.origin, token);
    assertEquals((await builder.heartbeat(job.id)).value, { cancelled: false });
    const ended = await builder.finish(job.id, [await builtPackage("foo")]);
    assertEquals(ended.value["state"], "published");
  }
  await Deno.remove(root, { recursive: true });
});
