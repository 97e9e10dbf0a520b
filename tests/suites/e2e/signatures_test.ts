// Databases and packages that the client verifies with a key.
import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";

const INSTALLED = "app 1.0-1\nbase-files 1.0-1\nlibcore 1.0-1\n";

endToEndTest("SigLevel = Required is satisfied from the mirror and from the cache", async (bed) => {
  const key = await bed.signingKey();
  const repositories = await bed.repositories(key);
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  for (let i = 0; i < 2; i++) {
    const client = await bed.client(pkgstash, { sigLevel: "Required", trust: key });
    await client.run("-Sy", "app");
    assertEquals(await client.run("-Q"), INSTALLED);
  }
  assertEquals((await mirror.packageRequests()).length, 3);
});

endToEndTest("a client without the key refuses, so the others did verify", async (bed) => {
  const repositories = await bed.repositories(await bed.signingKey());
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const stranger = await bed.client(pkgstash, {
    sigLevel: "Required",
    trust: await bed.signingKey(),
  });
  const result = await stranger.try("-Sy", "app");
  assertNotEquals(result.code, 0);
  assertStringIncludes(result.stderr, "key");
});

endToEndTest("after an upgrade database and signature still agree", async (bed) => {
  const key = await bed.signingKey();
  const repositories = await bed.repositories(key);
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()], { database_max_age: "0s" });
  const client = await bed.client(pkgstash, { sigLevel: "Required", trust: key });
  await client.run("-Sy", "app");
  await repositories.upgrade();
  await client.run("-Syu");
  assertEquals(await client.run("-Q"), "app 2.0-1\nbase-files 1.0-1\nlibcore 1.1-1\n");
  const fresh = await bed.client(pkgstash, { sigLevel: "Required", trust: key });
  await fresh.run("-Sy", "app");
});

endToEndTest("SigLevel = Optional works where nothing is signed", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const key = await bed.signingKey();
  for (let i = 0; i < 2; i++) {
    const client = await bed.client(pkgstash, { sigLevel: "Optional", trust: key });
    await client.run("-Sy", "app", "bulk-1", "bulk-2");
    assertStringIncludes(await client.run("-Q"), INSTALLED.split("\n")[0] ?? "");
  }
});
