// Databases and packages whose signatures the client verifies.
import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";

const INSTALLED = "app 1.0-1\nbase-files 1.0-1\nlibcore 1.0-1\n";

endToEndTest(
  "SigLevel = Required is satisfied by the mirror's files and by cached ones",
  async (bed) => {
    const key = await bed.signingKey();
    const { mirror, pkgstash } = await bed.mirrored({ key });
    for (let i = 0; i < 2; i++) {
      const client = await bed.client(pkgstash, { sigLevel: "Required", trust: key });
      await client.run("-Sy", "app");
      assertEquals(await client.run("-Q"), INSTALLED);
    }
    assertEquals((await mirror.packageRequests()).length, 3);
  },
);

endToEndTest("a client without the key refuses signed databases", async (bed) => {
  const { pkgstash } = await bed.mirrored({ key: await bed.signingKey() });
  const stranger = await bed.client(pkgstash, {
    sigLevel: "Required",
    trust: await bed.signingKey(),
  });
  const result = await stranger.try("-Sy", "app");
  assertNotEquals(result.code, 0);
  assertStringIncludes(result.stderr, "key");
});

endToEndTest("a database and its signature belong together after an upgrade", async (bed) => {
  const key = await bed.signingKey();
  const settings = { database_max_age: "0s" };
  const { repositories, pkgstash } = await bed.mirrored({ key, settings });
  const client = await bed.client(pkgstash, { sigLevel: "Required", trust: key });
  await client.run("-Sy", "app");
  await repositories.upgrade();
  await client.run("-Syu");
  assertEquals(await client.run("-Q"), "app 2.0-1\nbase-files 1.0-1\nlibcore 1.1-1\n");
  const fresh = await bed.client(pkgstash, { sigLevel: "Required", trust: key });
  await fresh.run("-Sy", "app");
});

endToEndTest("SigLevel = Optional accepts a repository without signatures", async (bed) => {
  const { pkgstash } = await bed.mirrored();
  const key = await bed.signingKey();
  for (let i = 0; i < 2; i++) {
    const client = await bed.client(pkgstash, { sigLevel: "Optional", trust: key });
    await client.run("-Sy", "app", "bulk-1", "bulk-2");
    assertStringIncludes(await client.run("-Q"), INSTALLED.split("\n")[0] ?? "");
  }
});
