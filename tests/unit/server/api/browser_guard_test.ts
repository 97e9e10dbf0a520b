import { assertEquals, assertMatch } from "@std/assert";
import { TOKEN } from "../../../support/administration.ts";
import { TestApp } from "../../../support/test_app.ts";

const authorization = `Bearer ${TOKEN}`;

async function statusOf(
  app: TestApp,
  target: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<number> {
  return (await app.request(method, target, { headers: { authorization, ...headers } })).status;
}

Deno.test("the API answers no web page of another origin, even with the token", async (t) => {
  await using app = await TestApp.start({ token: TOKEN });
  for (
    const headers of [
      { origin: "http://evil.example" },
      { origin: "https://127.0.0.1" },
      { origin: "null" },
      { origin: "nonsense" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "anything" },
    ] as Record<string, string>[]
  ) {
    await t.step(JSON.stringify(headers), async () => {
      for (const target of ["/api/v1/status", "/api/v1/openapi.json", "/api/v1/nothing"]) {
        assertEquals(await statusOf(app, target, headers), 403, target);
      }
      for (const target of ["/api/v1/cleanup", "/api/refresh", "/api/loglevel"]) {
        assertEquals(await statusOf(app, target, headers, "POST"), 403, target);
      }
    });
  }
  assertEquals(app.count(), 0);
});

Deno.test("the API answers its own origin, and programs, which have none", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  for (
    const headers of [
      {},
      { origin: app.origin },
      { "origin": app.origin, "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "none" },
    ] as Record<string, string>[]
  ) assertEquals(await statusOf(app, "/api/v1/status", headers), 200);
});

Deno.test("the API answers under no host name that a web page could have chosen", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { allowed_hosts: ["stash.example.org"] },
  });
  for (const host of ["evil.example", "127.0.0.1.evil.example", "evil.example:8090"]) {
    const headers = { authorization, host, "origin": `http://${host}` };
    const { status, text } = await app.get("/api/v1/status", headers);
    assertEquals(status, 403, host);
    assertMatch(text, /allowed_hosts/);
    assertEquals((await app.get("/healthz", { host })).status, 200, "files have any name");
  }
  for (const host of ["stash.example.org", "stash.example.org:8090", "localhost", "[::1]:80"]) {
    assertEquals(await statusOf(app, "/api/v1/status", { host }), 200, host);
  }
});
