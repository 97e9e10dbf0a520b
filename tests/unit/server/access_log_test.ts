import { assert, assertEquals, assertMatch } from "@std/assert";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const TOKEN = "correct-horse-battery-staple";

Deno.test("a request is logged as one line with client, method, path, status and bytes", async () => {
  await using app = await TestApp.start();
  app.put(PATH, packageBytes(1234, 1));
  await app.warm(PATH);
  await app.get(PATH, { "user-agent": "pacman/7.0", "range": "bytes=0-9" });
  await app.log.waitFor(/status=206/);
  const [line] = app.log.matching(/status=206/);
  for (
    const part of [
      "client=127.0.0.1",
      "method=GET",
      `path=${PATH}`,
      "cache=HIT",
      "bytes=10",
      "agent=pacman/7.0",
    ]
  ) assertEquals(line!.includes(part), true, `${part} in ${line}`);
});

Deno.test("a request without a body has no bytes", async () => {
  await using app = await TestApp.start();
  app.put(PATH, packageBytes(1234, 1));
  await app.warm(PATH);
  await app.request("HEAD", PATH);
  await app.log.waitFor(/method=HEAD/);
  assertMatch(app.log.matching(/method=HEAD/)[0]!, / bytes=0 /);
  await app.get(PATH, { range: "bytes=99999-" });
  await app.log.waitFor(/status=416/);
  assertMatch(app.log.matching(/status=416/)[0]!, / bytes=0 /);
});

Deno.test("requests by monitoring are logged at debug level, unless they fail", async () => {
  await using app = await TestApp.start();
  await app.get("/healthz");
  await app.get("/metrics");
  await app.get("/nothing");
  await app.log.waitFor(/path=\/nothing/);
  for (const path of ["/healthz", "/metrics"]) {
    assertEquals(app.log.matching(new RegExp(`request .*path=${path} `)).map(levelOf), ["DEBUG"]);
  }
  assertEquals(app.log.matching(/request .*path=\/nothing/).map(levelOf), ["INFO"]);
});

function levelOf(line: string): string | undefined {
  return /\b(DEBUG|INFO)\b/.exec(line)?.[0];
}

Deno.test("a client cannot forge a log line or a field of one", async () => {
  await using app = await TestApp.start();
  await app.get("/nothing", { "user-agent": "x status=200 cache=HIT\u0085 path=/forged" });
  await app.log.waitFor(/path=\/nothing/);
  const [line] = app.log.matching(/path=\/nothing/);
  assertMatch(line!, /agent=".*"$/);
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  assertEquals(/[\x00-\x1f\x7f-\x9f]/.test(line!), false);
});

Deno.test("the token appears in no log line and no metric, wherever a client puts it", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  const headers = { "authorization": `Bearer ${TOKEN}`, "user-agent": `agent ${TOKEN}` };
  await app.request("POST", "/api/loglevel", { headers, body: '{"loglevel":"debug"}' });
  await app.request("POST", "/api/loglevel", { headers, body: TOKEN });
  for (const target of [`/x?token=${TOKEN}`, `/${TOKEN}`, `/../${TOKEN}`, `/core/${TOKEN}//`]) {
    const { text } = await app.get(target, headers);
    assertEquals(text.includes(TOKEN), false);
  }
  await app.log.waitFor(/INFO request/, 6);
  const { text } = await app.get("/metrics");
  assertEquals([...app.log.lines, text].filter((line) => line.includes(TOKEN)), []);
});

Deno.test("a 404 is logged at debug level", async () => {
  await using app = await TestApp.start();
  await app.get(PATH);
  await app.log.waitFor(/INFO request/);
  assertEquals(app.log.matching(/DEBUG no such file/).length, 1);
  assertEquals(app.log.matching(/WARN|ERROR/), []);
});

Deno.test("the logged bytes of pages, texts and API answers are those sent", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  const authorization = `Bearer ${TOKEN}`;
  await app.get("/core/os/x86_64/"); // made for the next one
  for (
    const target of [
      "/core/os/x86_64/",
      "/healthz",
      "/metrics",
      "/nothing",
      "/cache/nothing",
      "/api/v1/status",
      "/api/v1/nothing",
      "/api/v1/pins",
      "/core",
      PATH,
    ]
  ) {
    const before = app.log.matching(/(INFO|DEBUG) request /).length;
    const { body } = await app.get(target, { authorization });
    await app.log.waitFor(/(INFO|DEBUG) request /, before + 1);
    const line = app.log.matching(/(INFO|DEBUG) request /).at(-1)!;
    assertEquals(/ bytes=(\S+)/.exec(line)?.[1], `${body.length}`, line);
  }
});

Deno.test("the bytes of a body whose length is known only at its end are unknown", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  await app.request("POST", "/api/v1/refresh", { headers: { authorization: `Bearer ${TOKEN}` } });
  await app.log.waitFor(/INFO request/);
  assertMatch(app.log.matching(/INFO request/)[0]!, / bytes=- /);
});

Deno.test("a client that leaves midway is logged and counted with the bytes sent to it", async () => {
  // More than the system holds of it between the daemon and the client.
  const size = 48 * 1024 ** 2;
  await using app = await TestApp.start();
  app.put(PATH, packageBytes(size, 1));
  const bytesServed = async () => (await app.metrics()).get("pkgstash_bytes_served_total")!;
  const leave = async (cache: string, headers: Record<string, string> = {}) => {
    const before = { lines: app.log.matching(/INFO request/).length, bytes: await bytesServed() };
    const reading = await app.open(PATH, { headers });
    await reading.peek(1_000_000);
    reading.close();
    await app.log.waitFor(/INFO request/, before.lines + 1);
    const line = app.log.matching(/INFO request/).at(-1)!;
    assertMatch(line, new RegExp(` cache=${cache} `));
    const logged = Number(/ bytes=(\d+) /.exec(line)![1]);
    assert(logged >= 1_000_000 && logged < size - 1000, line);
    assertEquals(await bytesServed() - before.bytes, logged);
  };
  await leave("MISS");
  await app.settled();
  await leave("HIT");
  await leave("HIT", { range: "bytes=1000-" });
});

Deno.test("a failure is one warning, however many clients wait for it", async () => {
  await using app = await TestApp.start({ mirrors: 2 });
  for (const mirror of app.mirrors) await mirror.down();
  const database = "/core/os/x86_64/core.db";
  const answers = await Promise.all([1, 2, 3].map(() => app.get(database)));
  assertEquals(answers.map(({ status }) => status), [502, 502, 502]);
  const warnings = () => app.log.matching(/WARNING .*core/);
  // Each mirror says once that it failed, and one line has all reasons.
  assertEquals(warnings().map((line) => / WARNING (\w+ \w+)/.exec(line)![1]), [
    "mirror failed",
    "mirror failed",
    "refresh failed",
  ]);
  const [, reason] = / reason="(.*)"/.exec(warnings().at(-1)!)!;
  for (const { host } of app.mirrors.map(({ url }) => new URL(url))) {
    assertEquals(reason!.split(`${host}: `).length, 2, reason);
  }
  assertEquals(app.log.matching(/DEBUG request failed/).length, 3);
});
