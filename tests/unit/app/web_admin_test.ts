import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TOKEN } from "../../support/administration.ts";
import { beforeTimeouts } from "../../support/patience.ts";
import { ScriptlessBrowser as Browser } from "../../support/scriptless_browser.ts";
import { TestApp } from "../../support/test_app.ts";

const SETTINGS = { refresh_interval: "0" };

async function createToken(app: TestApp, body: object): Promise<string> {
  const answer = await app.request("POST", "/api/v1/tokens", {
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(body),
  });
  assertEquals(answer.status, 201, answer.text);
  return JSON.parse(answer.text).token;
}

async function actions(app: TestApp): Promise<string[]> {
  const { text } = await app.get("/api/v1/events?kind=change,login", {
    authorization: `Bearer ${TOKEN}`,
  });
  return (JSON.parse(text).events as { who: string; action: string }[])
    .map(({ who, action }) => `${who}: ${action}`);
}

Deno.test("nothing is shown before signing in or after signing out", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new Browser(app);
  const stranger = await browser.get("/admin/");
  assertMatch(stranger.text, /<h1>Sign in/);
  assert(!stranger.text.includes("Ready for"));
  const signedIn = await browser.signIn();
  assertEquals([signedIn.status, signedIn.headers.get("location")], [303, "/admin/"]);
  assertMatch(
    signedIn.headers.get("set-cookie") ?? "",
    /^pkgstash=[\w.-]+; HttpOnly; Max-Age=43200; SameSite=Strict; Path=\/admin$/,
  );
  assertStringIncludes((await browser.get("/admin/")).text, "Ready for the first client");
  assertEquals(await actions(app), ["administrator: Sign in to the web admin"]);
  const kept = browser.cookie;
  await browser.post("/admin/logout", {});
  browser.cookie = kept;
  assertMatch((await browser.get("/admin/")).text, /<h1>Sign in/);
  const secret = kept.slice(kept.lastIndexOf(".") + 1);
  assertEquals(app.log.matching(new RegExp(secret)), []);
});

Deno.test("the cookie is valid for pages only, and the API accepts none", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new Browser(app);
  await browser.signIn();
  assertEquals((await browser.get("/api/v1/status")).status, 401);
});

Deno.test("a change from another page is refused, whoever is signed in", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new Browser(app);
  await browser.signIn();
  const { hostname } = new URL(app.origin);
  const foreign: Record<string, string>[] = [
    {},
    { origin: `http://${hostname}:1` },
    { origin: "null" },
    { origin: "http://evil.example" },
    { "sec-fetch-site": "same-site", "origin": app.origin },
  ];
  for (const headers of foreign) {
    const answer = await browser.post("/admin/logout", {}, headers);
    assertEquals(answer.status, 403, JSON.stringify(headers));
  }
  assertStringIncludes((await browser.get("/admin/")).text, "Ready for the first client");
  assertEquals((await browser.post("/admin/logout", {})).status, 303);
});

Deno.test("a request under a name that is not this server's is refused", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const answer = await new Browser(app).get("/admin/", { host: "evil.example" });
  assertEquals(answer.status, 403);
  assertStringIncludes(answer.text, "allowed_hosts");
});

Deno.test("people sign in with their own tokens; a builder's token is refused", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  for (const purpose of ["viewer", "approver", "administrator"]) {
    const browser = new Browser(app);
    const token = await createToken(app, { name: `the-${purpose}`, purpose });
    assertEquals((await browser.signIn(token)).status, 303, purpose);
    assertStringIncludes((await browser.get("/admin/")).text, `the-${purpose}`);
    assertEquals((await actions(app))[0], `the-${purpose}: Sign in to the web admin`);
    await app.request("DELETE", `/api/v1/tokens/the-${purpose}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    assertMatch((await browser.get("/admin/")).text, /<h1>Sign in/, "its token is revoked");
  }
  const builder = await createToken(app, { name: "b1", purpose: "builder" });
  const refused = await new Browser(app).signIn(builder);
  assertEquals(refused.status, 401);
  assertStringIncludes(refused.text, "b1 is for programs");
});

Deno.test("after five wrong tokens even the right one must wait, even if all arrive at once", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new Browser(app);
  const answers = await Promise.all(Array.from({ length: 12 }, () => browser.signIn("wrong")));
  const statuses = answers.map(({ status }) => status).toSorted();
  assertEquals(statuses, [...Array(5).fill(401), ...Array(7).fill(429)]);
  const slowed = await browser.signIn();
  assertEquals(slowed.status, 429);
  assertMatch(slowed.headers.get("retry-after") ?? "", /^\d+$/);
});

Deno.test("signing in leads only to pages of this server", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  for (
    const to of [
      "//evil.example/admin/",
      "https://evil.example/admin/",
      "/admin/\\evil",
      "/other",
      "",
    ]
  ) {
    const answer = await new Browser(app).post("/admin/login", { token: TOKEN, to });
    assertEquals(answer.headers.get("location"), "/admin/", to);
  }
  const answer = await new Browser(app).post("/admin/login", { token: TOKEN, to: "/admin/x?q=1" });
  assertEquals(answer.headers.get("location"), "/admin/x?q=1");
});

Deno.test("without a configured token, the daemon says how to set one", async () => {
  for (const token of [undefined, "changeme"]) {
    await using app = await TestApp.start({
      settings: SETTINGS,
      ...token === undefined ? {} : { token },
    });
    const browser = new Browser(app);
    assertStringIncludes((await browser.get("/admin/")).text, "The web admin is off");
    const answer = await browser.signIn("changeme");
    assertEquals([answer.status, answer.headers.get("set-cookie")], [403, null]);
  }
});

Deno.test("every response has the security headers", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new Browser(app);
  const answers = [
    await browser.get("/admin"),
    await browser.get("/admin/"),
    await browser.get("/admin/assets/nothing.js"),
    await browser.get("/admin/live?page=/admin/", { "hx-request": "true" }),
    await browser.post("/admin/login", { token: "wrong" }),
    await browser.post("/admin/login", { token: TOKEN }, {}),
    await browser.signIn(),
    await browser.get("/admin/"),
    await browser.get("/admin/nothing"),
    await browser.get("/admin/live?page=/admin/nothing"),
  ];
  for (const { status, headers } of answers) {
    const policy = headers.get("content-security-policy") ?? "";
    assertStringIncludes(policy, "default-src 'none'; script-src 'self'", `${status}`);
    assert(!policy.includes("unsafe"));
    assertEquals(headers.get("referrer-policy"), "same-origin");
    assertEquals(headers.get("x-content-type-options"), "nosniff");
  }
});

Deno.test("a live page does not delay a stop, and does not count as a request in flight", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { ...SETTINGS, max_client_requests: 2 },
  });
  const browser = new Browser(app);
  await browser.signIn();
  const streams = [];
  for (let count = 0; count < 4; count++) {
    const stream = await app.open("/admin/live?page=/admin/", {
      headers: { cookie: browser.cookie },
    });
    const { status, headers } = await stream.head();
    assertEquals([status, headers.get("content-type")], [200, "text/event-stream"]);
    streams.push(stream);
  }
  await beforeTimeouts(app.stop());
  for (const stream of streams) stream[Symbol.dispose]();
});

Deno.test("sessions are listed by the API, and ended by administrators", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browsers = [new Browser(app), new Browser(app), new Browser(app)];
  for (const browser of browsers) {
    await browser.signIn();
    await browser.get("/admin/", { "user-agent": "<b>Firefox" });
  }
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const viewer = await createToken(app, { name: "tv", purpose: "viewer" });
  const { text } = await app.request("GET", "/api/v1/sessions", as(viewer));
  const { sessions } = JSON.parse(text);
  assertEquals(sessions.map(({ who, agent }: Record<string, string>) => [who, agent]), [
    ["administrator", "<b>Firefox"],
    ["administrator", "<b>Firefox"],
    ["administrator", "<b>Firefox"],
  ]);
  assert(!text.includes(browsers[0]!.cookie.split(".")[1]!), "no part of a cookie is shown");
  const path = `/api/v1/sessions/${sessions[0].id}`;
  assertEquals((await app.request("DELETE", path, as(viewer))).status, 403);
  assertEquals((await app.request("DELETE", path, as(TOKEN))).status, 204);
  assertEquals((await app.request("DELETE", path, as(TOKEN))).status, 404);
  assertMatch((await browsers[2]!.get("/admin/")).text, /<h1>Sign in/);
  assertStringIncludes((await browsers[1]!.get("/admin/sessions")).text, "You and 1 other");
  await browsers[1]!.post("/admin/sessions", { action: "end-all", confirmed: "yes" });
  assertEquals((await actions(app))[0], "administrator: End all sessions of the web admin");
  assertMatch((await browsers[0]!.get("/admin/")).text, /<h1>Sign in/);
});

Deno.test("thirty live pages that nobody reads delay neither others nor a stop", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  const browser = new Browser(app);
  await browser.signIn();
  const streams = await Promise.all(
    Array.from(
      { length: 30 },
      () => app.open("/admin/live?page=/admin/", { headers: { cookie: browser.cookie } }),
    ),
  );
  for (const stream of streams) assertEquals((await stream.head()).status, 200);
  // What they show changes, and nobody reads it.
  for (let index = 0; index < 10; index++) {
    await app.get(`/core/os/x86_64/none-${index}.pkg.tar.zst`);
  }
  assertEquals((await browser.get("/admin/")).status, 200);
  await beforeTimeouts(app.stop());
  for (const stream of streams) stream[Symbol.dispose]();
});
