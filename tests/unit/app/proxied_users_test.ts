import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TOKEN } from "../../support/administration.ts";
import { ScriptlessBrowser } from "../../support/scriptless_browser.ts";
import { TestApp } from "../../support/test_app.ts";

const SETTINGS = {
  refresh_interval: "0",
  web_user_header: "Remote-User",
  web_administrators: ["anna"],
  web_approvers: ["ben"],
  trusted_proxies: ["127.0.0.1"],
};

Deno.test("a user whom the proxy names needs no token, and their changes carry their name", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new ScriptlessBrowser(app);
  const anna = { "remote-user": "anna", "x-forwarded-for": "192.0.2.7", "origin": app.origin };
  const overview = await browser.get("/admin/", anna);
  assertEquals(overview.status, 200);
  assertStringIncludes(overview.text, "anna");
  assert(!overview.text.includes("Sign out"), "the proxy signs out");
  assertEquals((await browser.get("/admin/login", anna)).headers.get("location"), "/admin/");
  const change = { action: "log-level", level: "debug" };
  const changed = await browser.post("/admin/settings", change, anna);
  assertEquals([changed.status, changed.headers.get("set-cookie")], [303, null]);
  assertMatch((await browser.get("/admin/settings", anna)).text, /class="flash good"/);
  const { text } = await app.get("/api/v1/events?kind=change", {
    authorization: `Bearer ${TOKEN}`,
  });
  const [event] = JSON.parse(text).events;
  assertEquals([event.who, event.address], ["anna", "192.0.2.7"]);
});

Deno.test("a user of the proxy may do what their role may, and no more", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new ScriptlessBrowser(app);
  for (const name of ["ben", "carl"]) {
    const headers = { "remote-user": name, "origin": app.origin };
    assertEquals((await browser.get("/admin/", headers)).status, 200);
    const change = { action: "log-level", level: "debug" };
    assertEquals((await browser.post("/admin/settings", change, headers)).status, 403, name);
  }
});

Deno.test("only a trusted proxy, on its own connection, can name the user", async () => {
  for (const trusted_proxies of [[], ["10.0.0.0/8"]]) {
    await using app = await TestApp.start({
      token: TOKEN,
      settings: { ...SETTINGS, trusted_proxies },
    });
    const browser = new ScriptlessBrowser(app);
    for (
      const headers of [
        {},
        { "x-forwarded-for": "10.0.0.1" },
        { "forwarded": "for=10.0.0.1" },
        { "x-real-ip": "10.0.0.1" },
      ]
    ) {
      const answer = await browser.get("/admin/", { "remote-user": "anna", ...headers });
      assertMatch(answer.text, /<h1>Sign in/);
    }
  }
});

Deno.test("headers that a client smuggles past the proxy sign nobody in", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new ScriptlessBrowser(app);
  const ask = (headers: Record<string, string>) => browser.get("/admin/settings", headers);
  const twice = await ask({ "remote-user": "carl\r\nRemote-User: anna" });
  assertEquals(twice.status, 403);
  assertStringIncludes(twice.text, "must overwrite this header");
  assertEquals((await ask({ "remote-user": "anna, carl" })).status, 403);
  for (const odd of ["remote_user", "remote.user", "remote-user-"]) {
    assertMatch((await ask({ [odd]: "anna" })).text, /<h1>Sign in/, odd);
    const beside = await ask({ [odd]: "anna", "remote-user": "carl" });
    assertStringIncludes(beside.text, "carl", odd);
  }
  for (const name of ["administrator", "pkgstash"]) {
    assertEquals((await ask({ "remote-user": name })).status, 403);
  }
});

Deno.test("a change that no page of this server sent is refused, even from a user of the proxy", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new ScriptlessBrowser(app);
  const anna = { "remote-user": "anna" };
  const foreign: Record<string, string>[] = [
    anna,
    { ...anna, origin: "http://evil.example" },
    { ...anna, "origin": app.origin, "sec-fetch-site": "cross-site" },
  ];
  for (const headers of foreign) {
    const answer = await browser.post(
      "/admin/settings",
      { action: "log-level", level: "debug" },
      headers,
    );
    assertEquals(answer.status, 403);
  }
});

Deno.test("the API ignores the user that a proxy names", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const answer = await app.get("/api/v1/status", { "remote-user": "anna" });
  assertEquals(answer.status, 401);
});

Deno.test("the user that the proxy names takes precedence over a session with another token", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new ScriptlessBrowser(app);
  assertEquals((await browser.signIn()).status, 303, "the proxy names nobody");
  assertStringIncludes((await browser.get("/admin/")).text, "Sign out");
  const carl = { "remote-user": "carl", "origin": app.origin };
  const change = { action: "log-level", level: "debug" };
  assertEquals((await browser.post("/admin/settings", change, carl)).status, 403);
});

Deno.test("a user who is on no list and has no rights is told so, and logged", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { ...SETTINGS, web_user_role: "none" },
  });
  const answer = await new ScriptlessBrowser(app).get("/admin/", { "remote-user": "carl" });
  assertEquals(answer.status, 403);
  assertStringIncludes(answer.text, "The user carl may not use the web admin");
  assertEquals(app.log.matching(/refused a user of the reverse proxy/).length, 1);
});
