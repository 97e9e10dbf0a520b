// A package is fetched from a mirror once, no matter how many clients request it and when.
import { assertEquals } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { fileSize } from "../../support/end_to_end/file_size.ts";
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

endToEndTest("a package is not fetched again for a second client", async (bed) => {
  const { repositories, mirror, pkgstash } = await bed.mirrored();
  const packages = ["app", "base-files", "libcore"].map((name) => repositories.package(name));
  for (let i = 0; i < 2; i++) {
    const client = await bed.client(pkgstash);
    await client.run("-Sy", "app");
    await assertDownloaded(client, ...packages);
  }
  await assertSentOnce(mirror, packages);
});

endToEndTest("a cached package is not fetched again after a restart", async (bed) => {
  const { repositories, mirror, pkgstash } = await bed.mirrored();
  await (await bed.client(pkgstash)).run("-Sy", "tool");
  assertEquals((await pkgstash.stop())?.code, 0);
  await pkgstash.start();
  await (await bed.client(pkgstash)).run("-Sy", "tool");
  await assertSentOnce(mirror, [repositories.package("tool")]);
});

endToEndTest("ten clients at once have each package fetched once", async (bed) => {
  const { repositories, mirror, pkgstash } = await bed.mirrored({ limitRate: "2m" });
  const clients = await Promise.all(Array.from({ length: 10 }, () => bed.client(pkgstash)));
  const names = ["huge", "bulk-1", "bulk-2", "bulk-3", "bulk-4", "tool"];
  const packages = names.map((name) => repositories.package(name));
  await Promise.all(clients.map((client) => client.run("-Syw", ...names)));
  for (const client of clients) await assertDownloaded(client, ...packages);
  await assertSentOnce(mirror, packages);
});

endToEndTest("a transfer continues for its other client when the first is killed", async (bed) => {
  const { repositories, mirror, pkgstash } = await bed.mirrored({ limitRate: "2m" });
  const [first, second] = [await bed.client(pkgstash), await bed.client(pkgstash)];
  const huge = repositories.package("huge");
  await Promise.all([first.run("-Sy"), second.run("-Sy")]);
  const firstDownload = await first.downloadUntil(huge, 100_000);
  const secondDownload = await second.downloadUntil(huge, 100_000);
  await firstDownload.kill();
  await secondDownload.succeeded();
  await assertDownloaded(second, huge);
  await assertSentOnce(mirror, [huge]);
});
