// Mirrors that die, hang, lag or are all down, within the time that a client waits.
import { assertEquals, assertNotEquals } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest, type TestBed } from "../../support/end_to_end/test_bed.ts";
import { fileSize } from "../../support/end_to_end/file_size.ts";
import { freePort } from "../../support/free_port.ts";
import type { NginxMirror } from "../../support/end_to_end/nginx_mirror.ts";
import { until } from "../../support/until.ts";

/** Asserts that a client notices nothing when `end` disables the mirror that sends its package. */
async function assertTakenOver(
  bed: TestBed,
  end: (mirror: NginxMirror) => void | Promise<void>,
): Promise<void> {
  const repositories = await bed.repositories();
  const huge = repositories.package("huge");
  const mirrors = [
    await bed.mirror({ root: repositories.root, limitRate: "1m" }),
    await bed.mirror({ root: await bed.copyOf(repositories.root), limitRate: "1m" }),
  ] as const;
  const client = await bed.client(await bed.pkgstash(mirrors.map((mirror) => mirror.url())));
  await client.run("-Sy");
  const download = await client.downloadUntil(huge, 1_000_000);
  const [ends, lives] = await mirrors[0].hasStarted(huge.file)
    ? mirrors
    : [mirrors[1], mirrors[0]] as const;
  assertEquals(await lives.hasStarted(huge.file), false);
  await end(ends);

  // pacman has no second server, so it succeeds only if its connection never broke.
  await download.succeeded();
  await assertDownloaded(client, huge);
  const [rest, ...more] = await lives.packageRequests();
  assertEquals(more, []);
  assertEquals(rest?.status, 206);
  const start = Number(/^bytes=(\d+)-$/.exec(rest?.range ?? "")?.[1]);
  assertEquals(rest?.bytes, await fileSize(huge.path) - start);
}

endToEndTest("a mirror that dies midway is replaced unnoticed by the client", async (bed) => {
  await assertTakenOver(bed, (mirror) => mirror.kill());
});

endToEndTest("a mirror that stalls midway is replaced unnoticed by the client", async (bed) => {
  await assertTakenOver(bed, (mirror) => mirror.freeze());
});

endToEndTest("mirrors that are down at the start are skipped", async (bed) => {
  const { root } = await bed.repositories();
  const alive = await bed.mirror({ root });
  const down = () => `http://127.0.0.1:${freePort()}/`;
  const client = await bed.client(await bed.pkgstash([down(), down(), alive.url()]));
  await client.run("-Sy", "app", "tool");
  assertEquals((await client.run("-Q")).trim().split("\n").length, 4);
});

endToEndTest(
  "a mirror that accepts connections and never answers is skipped in time",
  async (bed) => {
    const { root } = await bed.repositories();
    const alive = await bed.mirror({ root });
    const blackHole = bed.blackHole();
    const client = await bed.client(await bed.pkgstash([blackHole.url, alive.url()]));
    await client.run("-Sy", "app", "tool");
    assertEquals((await client.run("-Q")).trim().split("\n").length, 4);
  },
);

endToEndTest("a package that one mirror lacks comes from another", async (bed) => {
  const repositories = await bed.repositories();
  const other = await bed.copyOf(repositories.root);
  const names = ["bulk-1", "bulk-2", "bulk-3", "bulk-4"];
  const packages = names.map((name) => repositories.package(name));
  for (const [index, { file }] of packages.entries()) {
    const lagging = index % 2 === 0 ? repositories.root : other;
    await Deno.remove(`${lagging}/extra/os/x86_64/${file}`);
  }
  const mirrors = [
    await bed.mirror({ root: repositories.root }),
    await bed.mirror({ root: other }),
  ];
  const client = await bed.client(await bed.pkgstash(mirrors.map((mirror) => mirror.url())));
  await client.run("-Syw", ...names);
  await assertDownloaded(client, ...packages);
});

endToEndTest(
  "a package that every mirror lacks fails the client, and only that package",
  async (bed) => {
    const { repositories, pkgstash } = await bed.mirrored();
    await Deno.remove(repositories.extra.path(repositories.package("tool").file));
    const client = await bed.client(pkgstash);
    await client.run("-Sy");
    assertNotEquals((await client.try("-S", "tool")).code, 0);
    await client.run("-S", "app");
  },
);

endToEndTest("cached packages can be installed while every mirror is down", async (bed) => {
  const repositories = await bed.repositories();
  const mirrors = [
    await bed.mirror({ root: repositories.root }),
    await bed.mirror({ root: await bed.copyOf(repositories.root) }),
  ];
  const pkgstash = await bed.pkgstash(mirrors.map((mirror) => mirror.url()), {
    database_max_age: "0s",
  });
  await (await bed.client(pkgstash)).run("-Sy", "app");
  for (const mirror of mirrors) await mirror.kill();

  const late = await bed.client(pkgstash);
  await late.run("-Sy", "app");
  assertEquals(await late.run("-Q"), "app 1.0-1\nbase-files 1.0-1\nlibcore 1.0-1\n");
  assertNotEquals((await late.try("-S", "tool")).code, 0);
});

endToEndTest("a mirror that is up again is used again", async (bed) => {
  const { repositories, mirror, pkgstash } = await bed.mirrored();
  const client = await bed.client(pkgstash);
  await client.run("-Sy");
  await mirror.kill();
  assertNotEquals((await client.try("-Sw", "tool")).code, 0);
  await mirror.start();
  await until(
    "the package is downloaded",
    async () => (await client.try("-Sw", "tool")).code === 0,
  );
  await assertDownloaded(client, repositories.package("tool"));
});

endToEndTest("a package that the mirrors have removed comes from the archive", async (bed) => {
  const repositories = await bed.repositories();
  const tool = repositories.package("tool");
  const mirror = await bed.mirror({ root: repositories.root });
  const archiveRoot = await bed.newFolder("archive");
  await Deno.mkdir(`${archiveRoot}/packages/t/tool`, { recursive: true });
  await Deno.rename(
    repositories.extra.path(tool.file),
    `${archiveRoot}/packages/t/tool/${tool.file}`,
  );
  const archive = await bed.mirror({ root: archiveRoot });
  const pkgstash = await bed.pkgstash([mirror.url()], { archive_url: `${archive.url()}packages` });
  const client = await bed.client(pkgstash);
  await client.run("-Syw", "tool", "app");
  await assertDownloaded(client, tool, repositories.package("app"));
  assertEquals((await archive.packageRequests()).map(({ file }) => file), [tool.file]);
});
