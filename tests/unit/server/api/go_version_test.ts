import { assertEquals, assertMatch } from "@std/assert";
import { currentLogLevel } from "../../../../src/platform/observability/logging.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

const TOKEN = "correct-horse-battery-staple";
const PATH = "/api/loglevel";
const authorized = { authorization: `Bearer ${TOKEN}` };

Deno.test("the log level can be set in every usual spelling", async (t) => {
  await using app = await TestApp.start({ token: TOKEN });
  for (
    const [given, level] of [
      ["error", "error"],
      ["debug", "debug"],
      ["warn", "warning"],
      ["INFO", "info"],
      ["warning", "warning"],
    ] as const
  ) {
    await t.step(given, async () => {
      const body = JSON.stringify({ loglevel: given });
      const { status, text } = await app.request("POST", PATH, { headers: authorized, body });
      assertEquals([status, text, currentLogLevel()], [204, "", level]);
    });
  }
});

Deno.test("a new log level applies from the next event on", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  const set = (level: string) =>
    app.request("POST", PATH, { headers: authorized, body: JSON.stringify({ loglevel: level }) });
  await set("error");
  await app.get("/quiet");
  await set("info");
  await app.get("/loud");
  await app.log.waitFor(/path=\/loud/);
  assertEquals(app.log.matching(/quiet/), []);
});

Deno.test("a request without the right token is 401 and changes nothing", async (t) => {
  await using app = await TestApp.start({ token: TOKEN });
  for (
    const authorization of [
      undefined,
      "Bearer wrong",
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Basic ${TOKEN}`,
      TOKEN,
      "Bearer ",
    ]
  ) {
    await t.step(authorization ?? "none", async () => {
      const { status, headers, text } = await app.request("POST", PATH, {
        headers: authorization === undefined ? {} : { authorization },
        body: '{"loglevel":"error"}',
      });
      assertEquals([status, headers.get("www-authenticate")], [401, "Bearer"]);
      assertEquals(text.includes(TOKEN), false);
      assertEquals(currentLogLevel(), "debug");
    });
  }
});

Deno.test("the API is off while the token is missing or well known, but files are served", async () => {
  for (const token of [undefined, "changeme"]) {
    await using app = await TestApp.start(token === undefined ? {} : { token });
    const { status, text } = await app.request("POST", PATH, {
      headers: { authorization: "Bearer changeme" },
      body: '{"loglevel":"error"}',
    });
    assertEquals([status, currentLogLevel()], [403, "debug"]);
    assertMatch(text, /^Cannot use the administrative API: .*PKGSTASH_TOKEN/);
    const path = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
    app.put(path, packageBytes(100, 1));
    assertEquals((await app.get(path)).status, 200);
  }
});

Deno.test("a body without a log level is 400, names the expected one and changes nothing", async (t) => {
  await using app = await TestApp.start({ token: TOKEN });
  for (
    const body of [
      "",
      "debug",
      "{}",
      "null",
      '{"loglevel":7}',
      '{"loglevel":"loud"}',
      '{"level":"debug"}',
      `{"loglevel":"error"${" ".repeat(100_000)}}`,
    ]
  ) {
    await t.step(body.slice(0, 40).trim() || "nothing", async () => {
      const { status, text } = await app.request("POST", PATH, { headers: authorized, body });
      assertEquals([status, currentLogLevel()], [400, "debug"]);
      assertMatch(text, /loglevel.*debug, info, warn, warning and error/);
    });
  }
});

Deno.test("a body without a Content-Length is read only up to the limit", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  const post = (body: string) =>
    fetch(`${app.origin}${PATH}`, {
      method: "POST",
      headers: authorized,
      body: new Blob([body]).stream(),
    });
  const good = await post('{"loglevel":"error"}');
  await good.body?.cancel();
  assertEquals([good.status, currentLogLevel()], [204, "error"]);
  const long = await post(`${" ".repeat(1_000_000)}{"loglevel":"debug"}`);
  await long.body?.cancel();
  assertEquals([long.status, currentLogLevel()], [400, "error"]);
});

Deno.test("a wrong method is 405, a wrong path 404", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  for (const method of ["GET", "PUT", "DELETE"]) {
    const { status, headers } = await app.request(method, PATH, { headers: authorized });
    assertEquals([status, headers.get("allow")], [405, "POST"]);
  }
  for (const path of ["/api/", "/api/nothing", "/api/loglevel/", "/api/loglevel/x"]) {
    assertEquals((await app.request("POST", path, { headers: authorized })).status, 404, path);
  }
  assertEquals((await app.request("POST", "/api")).status, 405);
});
