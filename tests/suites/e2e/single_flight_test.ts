// What is fetched once is never fetched again, however many clients ask, and however they come.
import { assertEquals } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { fileSize } from "../../support/end_to_end/file_digest.ts";
import type { BuiltPackage } from "../../support/end_to_end/package_builder.ts";
import type { NginxMirror } from "../../support/end_to_end/nginx_mirror.ts";

/** Asserts that the mirror sent each of these packages once, whole, and no other package. */
async function assertSentOnce(
  mirror: NginxMirror,
  packages: readonly BuiltPackage[],
): Promise<void> {
  const sent = (await mirror.packageRequests())
    .map(({ file, method, status, bytes }) => `${method} ${file} ${status} ${bytes}`);
  const expected = await Promise.all(
    packages.map(async ({ file, path }) => `GET ${file} 200 ${await fileSize(path)}`),
  );
  assertEquals(sent.sort(), expected.sort());
}

endToEndTest("a second client costs the mirror no transfer of a package", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const packages = ["app", "base-files", "libcore"].map((name) => repositories.package(name));
  for (let i = 0; i < 2; i++) {
    const client = await bed.client(pkgstash);
    await client.run("-Sy", "app");
    await assertDownloaded(client, ...packages);
  }
  await assertSentOnce(mirror, packages);
});

endToEndTest("a cache survives a restart of pkgstash", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  await (await bed.client(pkgstash)).run("-Sy", "tool");
  assertEquals((await pkgstash.stop())?.code, 0);
  await pkgstash.start();
  await (await bed.client(pkgstash)).run("-Sy", "tool");
  await assertSentOnce(mirror, [repositories.package("tool")]);
});

endToEndTest("ten clients at once cost the mirror each package once", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "2m" });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const clients = await Promise.all(Array.from({ length: 10 }, () => bed.client(pkgstash)));
  const names = ["huge", "bulk-1", "bulk-2", "bulk-3", "bulk-4", "tool"];
  const packages = names.map((name) => repositories.package(name));
  await Promise.all(clients.map((client) => client.run("-Syw", ...names)));
  for (const client of clients) await assertDownloaded(client, ...packages);
  await assertSentOnce(mirror, packages);
});

endToEndTest("a client that is killed takes the transfer from nobody", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "2m" });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const [first, second] = [await bed.client(pkgstash), await bed.client(pkgstash)];
  const huge = repositories.package("huge");
  await Promise.all([first.run("-Sy"), second.run("-Sy")]);
  const firstDownload = first.start("-Sw", "huge");
  await first.untilPart(huge.file, 100_000);
  const secondDownload = second.run("-Sw", "huge");
  await second.untilPart(huge.file, 100_000);
  await firstDownload.kill();
  await secondDownload;
  await assertDownloaded(second, huge);
  await assertSentOnce(mirror, [huge]);
});
