import { assertEquals, assertStringIncludes } from "@std/assert";
import { builtPackage } from "../../../support/builds.ts";
import { BuildsApp } from "../../../support/builds_app.ts";
import { HttpSink } from "../../../support/message_sinks.ts";

async function start(sink: HttpSink, rootKeys = ""): Promise<BuildsApp> {
  const app = await BuildsApp.start({
    tables: () =>
      `mirrored_repos = ["core"]\n${rootKeys}[builds]\npackager = "Builds <builds@example.invalid>"\n` +
      `[notify]\nwebhook_url = "${sink.url}/"\n`,
  });
  await app.createRepository();
  return app;
}

/** What waits, as the API lists it. */
async function waiting(app: BuildsApp): Promise<string[]> {
  const { value } = await app.call("GET", "approvals");
  return value.builds.map((build: { package_base: string; state: string }) =>
    `${build.package_base} ${build.state}`
  );
}

Deno.test("a failed build is announced once with its class and reason, and listed until it is retried", async () => {
  await using sink = new HttpSink();
  await using app = await start(sink, 'public_url = "https://packages.example.org"\n');
  const builder = await app.builder("b1");
  const { number } = await app.enqueue("foo");
  await builder.failed((await builder.lease())!.id, "test_failure", "2 of 90 tests failed");
  await sink.reached(1);
  const told = JSON.parse(sink.received[0]!.body);
  assertEquals([told.event, told.title, told.url], [
    "build_failed",
    "Build failed (test failure): foo 1.0-1 for x86_64",
    "https://packages.example.org/admin/approvals/foo",
  ]);
  assertEquals(
    told.text,
    "Test failure while building: 2 of 90 tests failed.\n" +
      "Decide at: https://packages.example.org/admin/approvals/foo",
  );
  assertEquals(await waiting(app), ["foo failed"]);
  await app.call("POST", "aur/check");
  await app.call("POST", `builds/${number}/retry`, { reason: "again" });
  assertEquals(await waiting(app), []);
  await builder.failed((await builder.lease())!.id, "build_error");
  await sink.reached(2);
  assertEquals(sink.received.length, 2);
  assertStringIncludes(JSON.parse(sink.received[1]!.body).title, "build error");
});

Deno.test("a held build is announced with its surprises, and no longer listed once it is refused", async () => {
  await using sink = new HttpSink();
  await using app = await start(sink);
  const builder = await app.builder("b1");
  const { number } = await app.enqueue("foo");
  const hostile = await builtPackage("foo", "1.0-1", { provides: ["glibc"] });
  await builder.finish((await builder.lease())!.id, [hostile]);
  await sink.reached(1);
  const told = JSON.parse(sink.received[0]!.body);
  assertEquals([told.event, told.url], ["build_held", null]);
  assertStringIncludes(told.text, "glibc");
  assertStringIncludes(told.text, `See: pkgstash builds show ${number}`);
  assertEquals(await waiting(app), ["foo held"]);
  await app.call("POST", `builds/${number}/refuse`, { reason: "no" });
  assertEquals(await waiting(app), []);
  await app.call("POST", "aur/check");
  assertEquals(sink.received.length, 1);
});

Deno.test("a failure that a newer build has replaced waits for nobody", async () => {
  await using sink = new HttpSink();
  await using app = await start(sink);
  const builder = await app.builder("b1");
  await app.enqueue("foo");
  await builder.failed((await builder.lease())!.id, "source_gone");
  await sink.reached(1);
  await app.enqueue("foo", { version: "1.1-1" });
  assertEquals(await waiting(app), []);
});
