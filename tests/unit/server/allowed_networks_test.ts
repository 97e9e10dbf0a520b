import { assertEquals } from "@std/assert";
import { TOKEN } from "../../support/administration.ts";
import { TestApp } from "../../support/test_app.ts";

const FROM_OUTSIDE = { forwarded: "for=203.0.113.9" };

Deno.test("a client outside allowed_networks gets 403 for everything, and nothing is fetched", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { allowed_networks: ["192.168.0.0/16"], trusted_proxies: ["127.0.0.1"] },
  });
  for (
    const target of [
      "/",
      "/healthz",
      "/metrics",
      "/core/os/x86_64/foo-1-1-any.pkg.tar.zst",
      "/api/v1/openapi.json",
      "/api/v1/status",
      "/nothing",
    ]
  ) {
    const headers = { ...FROM_OUTSIDE, authorization: `Bearer ${TOKEN}` };
    const { status, text } = await app.get(target, headers);
    assertEquals(status, 403, target);
    assertEquals(/allowed_networks/.test(text), true);
  }
  assertEquals(app.count(), 0);
  const inside = await app.get("/healthz", { forwarded: 'for="192.168.3.4:1"' });
  assertEquals(inside.status, 200);
  assertEquals((await app.get("/healthz")).status, 200, "this machine");
});

Deno.test("the log names the client that a trusted proxy names, and a reload changes which proxies are trusted", async () => {
  await using app = await TestApp.start({ settings: { trusted_proxies: ["127.0.0.1"] } });
  await app.get("/healthz", { forwarded: 'for="[2001:DB8::7]:4711"' });
  await app.log.waitFor(/client=2001:db8::7 .*path=\/healthz/);
  app.app.reconfigure({ ...app.app.config, trustedProxies: [] });
  await app.get("/metrics", { forwarded: "for=192.0.2.1" });
  await app.log.waitFor(/client=127\.0\.0\.1 .*path=\/metrics/);
});
