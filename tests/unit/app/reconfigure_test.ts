import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp, testConfig } from "../../support/test_app.ts";

const CORE = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const NEW = "/testing/os/x86_64/foo-1-1-any.pkg.tar.zst";

/** The configuration of `app`, plus this line. */
function configWith(app: TestApp, line: string) {
  return testConfig(app.app.config.cacheRoot, app.mirrors, { tables: () => line });
}

Deno.test("a new configuration applies to the next request", async () => {
  await using app = await TestApp.start();
  app.put(NEW, packageBytes(1000, 1));
  assertEquals((await app.get(NEW)).status, 404);
  app.app.reconfigure(configWith(app, 'mirrored_repos = ["testing"]\n'));
  assertEquals((await app.get(NEW)).status, 200);
  assertEquals((await app.get(CORE)).status, 404);
  assertEquals(app.mirror.count(CORE), 0);
});

Deno.test("a transfer in flight finishes after its repository was removed from the configuration", async () => {
  await using app = await TestApp.start();
  const gate = new Gate();
  app.put(CORE, packageBytes(500_000, 1));
  app.mirror.behave(CORE, { kind: "gate", gate, bytes: 100_000 }, 1);
  const client = app.get(CORE);
  await gate.reached;
  app.app.reconfigure(configWith(app, 'mirrored_repos = ["testing"]\n'));
  gate.release();
  assertEquals((await client).body, packageBytes(500_000, 1));
});

Deno.test("a changed setting that needs a restart is logged, and the old one stays in use", async () => {
  await using app = await TestApp.start();
  const { config } = app.app;
  app.app.reconfigure({ ...config, port: 1, cacheRoot: "/elsewhere" });
  assertMatch(app.log.matching(/need a restart/)[0]!, /keys="cache_root, port"/);
  app.put(CORE, packageBytes(1000, 1));
  assertEquals((await app.get(CORE)).status, 200);
});

Deno.test("a configuration that cannot be applied changes nothing", async () => {
  await using app = await TestApp.start();
  const { config } = app.app;
  const fresh = configWith(app, 'mirrored_repos = ["testing"]\n');
  // No client can be made for a proxy without a host.
  assertThrows(() => app.app.reconfigure({ ...fresh, upstreamProxy: "socks5:///x", token: "new" }));
  assertEquals(app.app.config, config);
  app.put(CORE, packageBytes(1000, 1));
  assertEquals([(await app.get(CORE)).status, (await app.get(NEW)).status], [200, 404]);
  const headers = { authorization: "Bearer new" };
  assertEquals((await app.request("GET", "/api/v1/status", { headers })).status, 403);
});
