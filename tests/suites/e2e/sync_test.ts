// pacman's operations on a machine that has pkgstash as its only mirror.
import { assertEquals, assertGreaterOrEqual, assertStringIncludes } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import type { MirrorRequest } from "../../support/end_to_end/nginx_mirror.ts";
import { sha256OfFile } from "../../support/sha256.ts";

endToEndTest("-Sy downloads the mirror's databases, and -Sl lists every package", async (bed) => {
  const { repositories: { core, extra }, pkgstash } = await bed.mirrored();
  const client = await bed.client(pkgstash);
  await client.run("-Sy");
  for (const repository of [core, extra]) {
    const file = `${repository.name}.db`;
    const synced = client.database(file);
    assertEquals(await sha256OfFile(synced), await sha256OfFile(repository.path(file)));
    assertEquals((await Deno.stat(synced)).mtime, (await Deno.stat(repository.path(file))).mtime);
  }
  assertEquals((await client.run("-Sl")).trim().split("\n").length, 11);
});

endToEndTest("a second -Sy is a 304, and -Syy downloads the databases again", async (bed) => {
  const { root } = await bed.repositories();
  const mirror = await bed.mirror({ root });
  for (const database_max_age of ["0s", "1h"]) {
    const client = await bed.client(await bed.pkgstash([mirror.url()], { database_max_age }));
    const both = (status: number) => [["core.db", status], ["extra.db", status]];
    assertEquals([...await client.statuses("-Sy")].sort(), both(200));
    assertEquals([...await client.statuses("-Sy")].sort(), both(304));
    assertEquals([...await client.statuses("-Syy")].sort(), both(200));
  }
});

endToEndTest("-S installs a package with its dependencies from two repositories", async (bed) => {
  const { repositories, pkgstash } = await bed.mirrored();
  const client = await bed.client(pkgstash);
  await client.run("-Sy", "app");
  assertEquals(await client.run("-Q"), "app 1.0-1\nbase-files 1.0-1\nlibcore 1.0-1\n");
  assertEquals((await Deno.stat(client.installed("usr/share/app/payload"))).size, 256 * 1024);
  await assertDownloaded(
    client,
    ...["app", "base-files", "libcore"].map((name) => repositories.package(name)),
  );
});

endToEndTest("-Syu installs an upgrade as soon as the mirror has it", async (bed) => {
  const { repositories, pkgstash } = await bed.mirrored({ settings: { database_max_age: "0s" } });
  const client = await bed.client(pkgstash);
  await client.run("-Sy", "app", "tool");
  await repositories.upgrade();
  await client.run("-Syu");
  assertEquals(
    await client.run("-Q"),
    "app 2.0-1\nbase-files 1.0-1\nlibcore 1.1-1\ntool 1.0-1\n",
  );
  assertStringIncludes(await client.run("-Syu"), "there is nothing to do");
});

endToEndTest("-Sw downloads intact packages without installing them", async (bed) => {
  const { repositories, pkgstash } = await bed.mirrored();
  const client = await bed.client(pkgstash);
  await client.run("-Sy");
  await client.run("-Sw", "huge", "tool");
  await assertDownloaded(client, repositories.package("huge"), repositories.package("tool"));
  assertEquals((await client.try("-Q")).stdout, "");
});

endToEndTest("-Fy downloads the file lists, and -F finds the package of a file", async (bed) => {
  const { repositories: { extra }, pkgstash } = await bed.mirrored();
  const client = await bed.client(pkgstash);
  await client.run("-Fy");
  assertEquals(
    await sha256OfFile(client.database("extra.files")),
    await sha256OfFile(extra.path("extra.files")),
  );
  assertStringIncludes(await client.run("-F", "usr/share/tool/payload"), "extra/tool 1.0-1");
});

/** The largest number of these transfers that were in flight at the same time. */
function mostAtOnce(requests: readonly MirrorRequest[]): number {
  return Math.max(
    ...requests.map(({ ended }) =>
      requests.filter((other) => other.ended >= ended && other.ended - other.duration < ended)
        .length
    ),
  );
}

endToEndTest("parallel downloads reach the mirror in parallel", async (bed) => {
  const { repositories, mirror, pkgstash } = await bed.mirrored({ limitRate: "1m" });
  const client = await bed.client(pkgstash, { parallelDownloads: 4 });
  const names = ["bulk-1", "bulk-2", "bulk-3", "bulk-4"];
  await client.run("-Sy");
  await client.run("-Sw", ...names);
  await assertDownloaded(client, ...names.map((name) => repositories.package(name)));
  assertGreaterOrEqual(mostAtOnce(await mirror.packageRequests()), 3);
});

endToEndTest("a mirror URL may contain $repo and $arch", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const client = await bed.client(await bed.pkgstash([`${mirror.url()}$repo/os/$arch`]));
  await client.run("-Sy", "tool");
  assertEquals(await client.run("-Q"), "tool 1.0-1\n");
});
