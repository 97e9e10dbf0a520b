// pkgstash as a CacheServer beside a client's own mirrors: pacman asks it first, for packages only.
import { assertEquals } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { pacmanIsAtLeast, pacmanVersion } from "../../support/end_to_end/pacman_client.ts";
import type { PkgstashDaemon } from "../../support/end_to_end/pkgstash_daemon.ts";
import { sha256Of, sha256OfFile } from "../../support/sha256.ts";
import { until } from "../../support/until.ts";

// Without pacman, the tests run and fail with the list of what to install.
const supported = await pacmanIsAtLeast(6, 1).catch(() => true);
const reason = supported ? "" : ` (ignored: needs pacman 6.1, found ${await pacmanVersion()})`;

/** Waits until a downloaded package is in the cache, which is just after its last byte was sent. */
async function untilCached(pkgstash: PkgstashDaemon, file: string): Promise<void> {
  await until(
    `${file} is in the cache`,
    async () =>
      (await fetch(`${pkgstash.url}cache/${encodeURIComponent(file)}`, { method: "HEAD" })).ok,
  );
}

endToEndTest(`a CacheServer with $repo and $arch is filled and serves${reason}`, async (bed) => {
  const { repositories, mirror: upstream, pkgstash } = await bed.mirrored();
  const direct = await bed.mirror({ root: repositories.root });
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

endToEndTest(`a CacheServer by file name serves cached packages only${reason}`, async (bed) => {
  const { repositories, mirror: upstream, pkgstash } = await bed.mirrored();
  const direct = await bed.mirror({ root: repositories.root });
  await (await bed.client(pkgstash)).run("-Syw", "tool");
  await untilCached(pkgstash, repositories.package("tool").file);
  const client = await bed.client([`${direct.url()}$repo/os/$arch`], {
    cacheServers: [`${pkgstash.url}cache`],
  });
  await client.run("-Syw", "tool", "bulk-1");
  await assertDownloaded(client, repositories.package("tool"), repositories.package("bulk-1"));
  const requested = (await direct.packageRequests()).map(({ file }) => file);
  assertEquals(requested, [repositories.package("bulk-1").file]);
  assertEquals((await upstream.packageRequests()).length, 1);
}, { ignore: !supported });

endToEndTest(
  "/cache/<file> serves a cached package, and is a 404 without asking a mirror otherwise",
  async (bed) => {
    const { repositories, mirror, pkgstash } = await bed.mirrored();
    await (await bed.client(pkgstash)).run("-Syw", "tool", "gtk2+extra");
    for (const name of ["tool", "gtk2+extra"]) {
      const { file, path } = repositories.package(name);
      await untilCached(pkgstash, file);
      for (const spelling of [file, encodeURIComponent(file)]) {
        const response = await fetch(`${pkgstash.url}cache/${spelling}`);
        assertEquals(response.status, 200, spelling);
        assertEquals(sha256Of(await response.bytes()), await sha256OfFile(path));
        assertEquals(response.headers.get("x-cache"), "HIT");
      }
    }
    const before = (await mirror.requests()).length;
    const response = await fetch(`${pkgstash.url}cache/${repositories.package("bulk-1").file}`);
    await response.body?.cancel();
    assertEquals(response.status, 404);
    assertEquals((await mirror.requests()).length, before);
  },
);
