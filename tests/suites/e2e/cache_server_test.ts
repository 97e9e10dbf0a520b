// pkgstash beside a client's own mirrors: asked first for packages, and quick to say no.
import { assert, assertEquals } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { digestOf, fileDigest } from "../../support/end_to_end/file_digest.ts";
import { pacmanIsAtLeast, pacmanVersion } from "../../support/end_to_end/pacman_client.ts";
import type { PkgstashDaemon } from "../../support/end_to_end/pkgstash_daemon.ts";
import { until } from "../../support/until.ts";

// Without pacman the version does not matter: each test fails with the list of what to install.
const supported = await pacmanIsAtLeast(6, 1).catch(() => true);
const reason = supported ? "" : ` (ignored: pacman ${await pacmanVersion()} lacks it, 6.1 has it)`;

/** Waits until a downloaded package has its place in the cache, just after its last byte went out. */
async function untilCached(pkgstash: PkgstashDaemon, file: string): Promise<void> {
  await until(
    `${file} is in the cache`,
    async () =>
      (await fetch(`${pkgstash.url}cache/${encodeURIComponent(file)}`, { method: "HEAD" })).ok,
  );
}

endToEndTest(`CacheServer with the repository's path fills and serves${reason}`, async (bed) => {
  const repositories = await bed.repositories();
  const direct = await bed.mirror({ root: repositories.root });
  const upstream = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([upstream.url()]);
  for (let i = 0; i < 2; i++) {
    const client = await bed.client([`${direct.url()}$repo/os/$arch`], {
      cacheServers: [pkgstash.server],
    });
    await client.run("-Syw", "tool", "bulk-1");
    await assertDownloaded(client, repositories.package("tool"), repositories.package("bulk-1"));
  }
  assertEquals(await direct.packageRequests(), []);
  assertEquals((await upstream.packageRequests()).length, 2);
}, { ignore: !supported });

endToEndTest(`CacheServer by file name serves what is cached, no more${reason}`, async (bed) => {
  const repositories = await bed.repositories();
  const direct = await bed.mirror({ root: repositories.root });
  const upstream = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([upstream.url()]);
  await (await bed.client(pkgstash)).run("-Syw", "tool");
  await untilCached(pkgstash, repositories.package("tool").file);
  const client = await bed.client([`${direct.url()}$repo/os/$arch`], {
    cacheServers: [`${pkgstash.url}cache`],
  });
  await client.run("-Syw", "tool", "bulk-1");
  await assertDownloaded(client, repositories.package("tool"), repositories.package("bulk-1"));
  const asked = (await direct.packageRequests()).map(({ file }) => file);
  assertEquals(asked, [repositories.package("bulk-1").file]);
  assertEquals((await upstream.packageRequests()).length, 1);
}, { ignore: !supported });

endToEndTest("/cache/<file> serves a cached package and is a quick 404 otherwise", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  await (await bed.client(pkgstash)).run("-Syw", "tool", "gtk2+extra");
  for (const name of ["tool", "gtk2+extra"]) {
    const { file, path } = repositories.package(name);
    await untilCached(pkgstash, file);
    for (const spelling of [file, encodeURIComponent(file)]) {
      const response = await fetch(`${pkgstash.url}cache/${spelling}`);
      assertEquals(response.status, 200, spelling);
      assertEquals(await digestOf(await response.bytes()), await fileDigest(path));
      assertEquals(response.headers.get("x-cache"), "HIT");
    }
  }
  const known = (await mirror.requests()).length;
  const response = await fetch(`${pkgstash.url}cache/${repositories.package("bulk-1").file}`);
  await response.body?.cancel();
  assertEquals(response.status, 404);
  assert((await mirror.requests()).length === known, "the mirror was asked");
});
