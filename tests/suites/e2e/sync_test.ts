// pacman's own operations through pkgstash, each as on a machine that has only this mirror.
import { assertEquals, assertGreaterOrEqual, assertStringIncludes } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { fileDigest } from "../../support/end_to_end/file_digest.ts";
import type { MirrorRequest } from "../../support/end_to_end/nginx_mirror.ts";

endToEndTest("-Sy brings the mirror's own databases, and -Sl lists every package", async (bed) => {
  const { root, core, extra } = await bed.repositories();
  const mirror = await bed.mirror({ root });
  const client = await bed.client(await bed.pkgstash([mirror.url()]));
  await client.run("-Sy");
  for (const repository of [core, extra]) {
    const file = `${repository.name}.db`;
    const synced = client.database(file);
    assertEquals(await fileDigest(synced), await fileDigest(repository.path(file)));
    assertEquals((await Deno.stat(synced)).mtime, (await Deno.stat(repository.path(file))).mtime);
  }
  assertEquals((await client.run("-Sl")).trim().split("\n").length, 11);
});

endToEndTest("-Sy again is a 304, -Syy brings the databases again", async (bed) => {
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
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const client = await bed.client(await bed.pkgstash([mirror.url()]));
  await client.run("-Sy", "app");
  assertEquals(await client.run("-Q"), "app 1.0-1\nbase-files 1.0-1\nlibcore 1.0-1\n");
  assertEquals((await Deno.stat(client.installed("usr/share/app/payload"))).size, 256 * 1024);
  await assertDownloaded(
    client,
    ...["app", "base-files", "libcore"].map((name) => repositories.package(name)),
  );
});

endToEndTest("-Syu brings an upgrade as soon as the mirror has it", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()], { database_max_age: "0s" });
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

endToEndTest("-Sw downloads without installing, and what it fetched is intact", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const client = await bed.client(await bed.pkgstash([mirror.url()]));
  await client.run("-Sy");
  await client.run("-Sw", "huge", "tool");
  await assertDownloaded(client, repositories.package("huge"), repositories.package("tool"));
  assertEquals((await client.try("-Q")).stdout, "");
});

endToEndTest("-Fy brings the file lists, and -F finds the package of a file", async (bed) => {
  const { root, extra } = await bed.repositories();
  const mirror = await bed.mirror({ root });
  const client = await bed.client(await bed.pkgstash([mirror.url()]));
  await client.run("-Fy");
  assertEquals(
    await fileDigest(client.database("extra.files")),
    await fileDigest(extra.path("extra.files")),
  );
  assertStringIncludes(await client.run("-F", "usr/share/tool/payload"), "extra/tool 1.0-1");
});

/** How many of these transfers were under way at the same time, at most. */
function mostAtOnce(requests: readonly MirrorRequest[]): number {
  return Math.max(
    ...requests.map(({ ended }) =>
      requests.filter((other) => other.ended >= ended && other.ended - other.duration < ended)
        .length
    ),
  );
}

endToEndTest("ParallelDownloads reach the mirror in parallel", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "1m" });
  const client = await bed.client(await bed.pkgstash([mirror.url()]), { parallelDownloads: 4 });
  const names = ["bulk-1", "bulk-2", "bulk-3", "bulk-4"];
  await client.run("-Sy");
  await client.run("-Sw", ...names);
  await assertDownloaded(client, ...names.map((name) => repositories.package(name)));
  assertGreaterOrEqual(mostAtOnce(await mirror.packageRequests()), 3);
});

endToEndTest("a mirror given as a pacman line with variables serves as well", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const client = await bed.client(await bed.pkgstash([`${mirror.url()}$repo/os/$arch`]));
  await client.run("-Sy", "tool");
  assertEquals(await client.run("-Q"), "tool 1.0-1\n");
});
