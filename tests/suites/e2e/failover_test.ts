// Mirrors that die, hang, lag or are all gone, within the patience of a client.
import { assertEquals, assertNotEquals } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest, type TestBed } from "../../support/end_to_end/test_bed.ts";
import { fileSize } from "../../support/end_to_end/file_digest.ts";
import { freePort } from "../../support/free_port.ts";
import type { NginxMirror } from "../../support/end_to_end/nginx_mirror.ts";
import { until } from "../../support/until.ts";

/** Lets one of two mirrors send a package, ends it midway by `end`, and sees the other finish. */
async function assertTakenOver(bed: TestBed, end: (mirror: NginxMirror) => void | Promise<void>) {
  const repositories = await bed.repositories();
  const huge = repositories.package("huge");
  const mirrors = [
    await bed.mirror({ root: repositories.root, limitRate: "1m" }),
    await bed.mirror({ root: await bed.copyOf(repositories.root), limitRate: "1m" }),
  ] as const;
  const client = await bed.client(await bed.pkgstash(mirrors.map((mirror) => mirror.url())));
  await client.run("-Sy");
  const download = client.run("-Sw", "huge");
  await client.untilPart(huge.file, 1_000_000);
  const [ends, lives] = await mirrors[0].hasStarted(huge.file)
    ? mirrors
    : [mirrors[1], mirrors[0]] as const;
  assertEquals(await lives.hasStarted(huge.file), false);
  await end(ends);

  // One run, exit code 0: pacman has no second server to go to, so it never saw a broken connection.
  await download;
  await assertDownloaded(client, huge);
  const [rest, ...more] = await lives.packageRequests();
  assertEquals(more, []);
  assertEquals(rest?.status, 206);
  const start = Number(/^bytes=(\d+)-$/.exec(rest?.range ?? "")?.[1]);
  assertEquals(rest?.bytes, await fileSize(huge.path) - start);
}

endToEndTest("a mirror killed midway costs the client nothing", async (bed) => {
  await assertTakenOver(bed, (mirror) => mirror.kill());
});

endToEndTest("a mirror that stalls midway costs the client nothing", async (bed) => {
  await assertTakenOver(bed, (mirror) => mirror.freeze());
});

endToEndTest("mirrors that are down at the start are passed over", async (bed) => {
  const { root } = await bed.repositories();
  const alive = await bed.mirror({ root });
  const down = () => `http://127.0.0.1:${freePort()}/`;
  const client = await bed.client(await bed.pkgstash([down(), down(), alive.url()]));
  await client.run("-Sy", "app", "tool");
  assertEquals((await client.run("-Q")).trim().split("\n").length, 4);
});

endToEndTest("a mirror that accepts and never answers is passed over in time", async (bed) => {
  const { root } = await bed.repositories();
  const alive = await bed.mirror({ root });
  const blackHole = bed.blackHole();
  const client = await bed.client(await bed.pkgstash([blackHole.url, alive.url()]));
  await client.run("-Sy", "app", "tool");
  assertEquals((await client.run("-Q")).trim().split("\n").length, 4);
});

endToEndTest("a package that one mirror lacks comes from the other", async (bed) => {
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

endToEndTest("a package that every mirror lacks is an error at the client", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  await Deno.remove(repositories.extra.path(repositories.package("tool").file));
  const client = await bed.client(await bed.pkgstash([mirror.url()]));
  await client.run("-Sy");
  assertNotEquals((await client.try("-S", "tool")).code, 0);
  await client.run("-S", "app");
});

endToEndTest("with every mirror down what is cached still installs", async (bed) => {
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

endToEndTest("a mirror that comes back is used again", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const client = await bed.client(pkgstash);
  await client.run("-Sy");
  await mirror.kill();
  assertNotEquals((await client.try("-Sw", "tool")).code, 0);
  await mirror.start();
  await until("the package comes", async () => (await client.try("-Sw", "tool")).code === 0);
  await assertDownloaded(client, repositories.package("tool"));
});

endToEndTest("a version that the mirrors have dropped comes from the archive", async (bed) => {
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
