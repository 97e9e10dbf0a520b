import { assertEquals } from "@std/assert";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";
import { until } from "../../../support/until.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const TOKEN = "token-of-the-tests";

Deno.test("a download names the client that reads it slowest, until that leaves", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  app.put(PATH, packageBytes(2_000_000, 1));
  const gate = new Gate();
  app.mirror.behave(PATH, { kind: "gate", gate, bytes: 1_000_000 });
  const slowest = async () => {
    const { text } = await app.get("/api/v1/downloads", { authorization: `Bearer ${TOKEN}` });
    return JSON.parse(text).downloads[0]?.slowest_client;
  };
  const client = await app.open(PATH);
  await client.peek(500_000);
  const { address, bytes } = await slowest();
  assertEquals([address, bytes >= 500_000], ["127.0.0.1", true]);
  client[Symbol.dispose]();
  // The download itself goes on: undefined would tell that it is over.
  await until("nobody reads it", async () => await slowest() === null);
  gate.release();
});
