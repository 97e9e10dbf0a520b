// A configuration and a cache of the Go version.
import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { BINARY } from "../../support/binary_under_test.ts";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { TestBed } from "../../support/end_to_end/test_bed.ts";

Deno.test("the configuration and the cache of the Go version are used unchanged", async () => {
  await using bed = await TestBed.create(BINARY);
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const cached = repositories.package("bulk-1");
  const path = `extra/os/x86_64/${cached.file}`;
  const pkgstash = await bed.pkgstash([mirror.url()], {}, async (daemon) => {
    const envFile = join(daemon.folder, "pkgstash.env");
    await Deno.writeTextFile(envFile, "PKGSTASH_TOKEN=a-token-of-its-own\n", { mode: 0o640 });
    for (const file of [path, "extra/os/x86_64/extra.db"]) {
      const kept = join(daemon.cacheRoot, file);
      await Deno.mkdir(dirname(kept), { recursive: true });
      await Deno.copyFile(join(repositories.root, file), kept);
    }
    // All keys that the Go version knew, in the forms that it required.
    return `env_file = ${JSON.stringify(envFile)}
cache_root = ${JSON.stringify(daemon.cacheRoot)}
mirror_urls = [${JSON.stringify(`${mirror.url()}$repo/os/$arch`)}]
mirrored_repos = ["core", "extra"]
port = "${daemon.port}"
max_cache_size = "10GB"
max_cache_age = "8760h"
`;
  });

  const client = await bed.client(pkgstash);
  await client.run("-Sy", "bulk-1");
  await assertDownloaded(client, cached);
  assertEquals((await mirror.packageRequests()).filter(({ file }) => file === cached.file), []);
  const response = await fetch(new URL(path, pkgstash.url), { method: "HEAD" });
  assertEquals(response.headers.get("x-cache"), "HIT");

  const refresh = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(new URL("api/refresh", pkgstash.url), { method: "POST", headers });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await refresh("a-token-of-its-own"), 204);
  assertEquals(await refresh("another"), 401);
});
