import { assertEquals } from "@std/assert";
import { Gate } from "../../support/fake_mirror.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TestApp } from "../../support/test_app.ts";

Deno.test("room is judged before a package comes, not only after it has arrived", async () => {
  await using app = await TestApp.start({
    // No disk has that, so that each judgement is one in vain.
    settings: { min_free_space: "1000000GB", refresh_interval: "0", stall_timeout: "30s" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const core = new PublishedRepository(app.mirror).set("a", 1);
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);
  const gate = new Gate();
  app.mirror.behave(core.package("a", 1), { kind: "gate", gate, bytes: 500 });
  const fetched = app.get(core.package("a", 1));
  await gate.reached;
  assertEquals(app.log.matching(/cannot keep min_free_space/).length, 1);
  gate.release();
  assertEquals((await fetched).body, core.bytesOf("a"));
});
