// Kill -9 on either side of a transfer: what has arrived is never fetched again.
import { assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { fileSize } from "../../support/end_to_end/file_digest.ts";
import type { NginxMirror } from "../../support/end_to_end/nginx_mirror.ts";
import type { BuiltPackage } from "../../support/end_to_end/package_builder.ts";
import { until } from "../../support/until.ts";

const MEGABYTE = 1_000_000;

/** Asserts that the mirror sent the start of a package, then only the rest from about `arrived` on. */
async function assertSentInTwoPieces(
  mirror: NginxMirror,
  { file, path }: BuiltPackage,
  arrived: number,
): Promise<void> {
  const transfers = (await mirror.packageRequests()).filter((request) => request.file === file);
  assertEquals(transfers.map(({ status }) => status), [200, 206]);
  const range = transfers[1]?.range ?? "";
  const start = Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
  // pkgstash has at least what it had passed on, but for what it gathers to write at once.
  assertGreater(start, arrived - MEGABYTE, `the second request was for "${range}"`);
  assertEquals(transfers[1]?.bytes, await fileSize(path) - start);
}

endToEndTest("pkgstash killed midway goes on where it was, for its client", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "2m" });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const client = await bed.client(pkgstash);
  const huge = repositories.package("huge");
  await client.run("-Sy");
  const download = client.start("-Sw", "huge");
  await client.untilPart(huge.file, 2 * MEGABYTE);
  await pkgstash.kill();
  assertNotEquals((await download.finished).code, 0);
  const arrived = await client.partSize(huge.file);
  assertGreater(arrived, MEGABYTE);

  await pkgstash.start();
  assertEquals((await client.statuses("-Sw", "huge")).get(huge.file), 206);
  await assertDownloaded(client, huge);
  const other = await bed.client(pkgstash);
  await other.run("-Syw", "huge");
  await assertDownloaded(other, huge);
  await assertSentInTwoPieces(mirror, huge, arrived);
});

endToEndTest("pkgstash killed midway goes on where it was, for another client", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "2m" });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const [first, second] = [await bed.client(pkgstash), await bed.client(pkgstash)];
  const huge = repositories.package("huge");
  await first.run("-Sy");
  const download = first.start("-Sw", "huge");
  await first.untilPart(huge.file, 2 * MEGABYTE);
  await pkgstash.kill();
  await download.finished;

  await pkgstash.start();
  assertEquals((await second.statuses("-Syw", "huge")).get(huge.file), 200);
  await assertDownloaded(second, huge);
  await assertSentInTwoPieces(mirror, huge, await first.partSize(huge.file));
});

endToEndTest("what pkgstash has of a file that changed at the mirror is not used", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "2m" });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const [first, second] = [await bed.client(pkgstash), await bed.client(pkgstash)];
  const huge = repositories.package("huge");
  await first.run("-Sy");
  const download = first.start("-Sw", "huge");
  await first.untilPart(huge.file, 2 * MEGABYTE);
  await pkgstash.kill();
  await download.finished;

  const rebuilt = await repositories.rebuild("huge");
  await pkgstash.start();
  await second.run("-Syw", "huge");
  await assertDownloaded(second, rebuilt);
});

endToEndTest("pacman killed midway gets the rest from pkgstash", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "2m" });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const client = await bed.client(pkgstash);
  const huge = repositories.package("huge");
  await client.run("-Sy");
  const download = client.start("-Sw", "huge");
  await client.untilPart(huge.file, 2 * MEGABYTE);
  await download.kill();
  await client.unlock();
  assertGreater(await client.partSize(huge.file), MEGABYTE);

  // The transfer goes on without a client: the resumed one starts ahead of it, within it, or after it.
  await client.run("-Sw", "huge");
  await assertDownloaded(client, huge);
  const transfers = (await mirror.packageRequests()).filter(({ file }) => file === huge.file);
  assertEquals(transfers.map(({ status, bytes }) => ({ status, bytes })), [
    { status: 200, bytes: await fileSize(huge.path) },
  ]);
});

endToEndTest("pacman resumes a file that pkgstash has whole", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const huge = repositories.package("huge");
  await (await bed.client(pkgstash)).run("-Syw", "huge");
  const client = await bed.client(pkgstash);
  await client.run("-Sy");
  await Deno.writeFile(
    client.cached(`${huge.file}.part`),
    (await Deno.readFile(huge.path)).slice(0, 3 * MEGABYTE),
  );
  assertEquals((await client.statuses("-Sw", "huge")).get(huge.file), 206);
  await assertDownloaded(client, huge);
  assertEquals((await mirror.packageRequests()).length, 1);
});

endToEndTest("pacman resumes near the end of a file that pkgstash never saw", async (bed) => {
  const repositories = await bed.repositories();
  // The whole file takes half a minute, which is past pacman's patience for the first byte.
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "256k" });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const client = await bed.client(pkgstash);
  const huge = repositories.package("huge");
  await client.run("-Sy");
  await Deno.writeFile(
    client.cached(`${huge.file}.part`),
    (await Deno.readFile(huge.path)).slice(0, 8 * MEGABYTE),
  );
  await client.run("-Sw", "huge");
  await assertDownloaded(client, huge);
});

endToEndTest("SIGTERM lets the transfers in flight end", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "2m" });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const client = await bed.client(pkgstash);
  const huge = repositories.package("huge");
  await client.run("-Sy");
  const download = client.run("-Sw", "huge");
  await client.untilPart(huge.file, MEGABYTE);
  const stopped = pkgstash.stop();
  await download;
  await assertDownloaded(client, huge);
  assertEquals((await stopped)?.code, 0);
});

endToEndTest("what a drained stop leaves is there at the next start", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "1m" });
  const pkgstash = await bed.pkgstash([mirror.url()]);
  const huge = repositories.package("huge");
  const client = await bed.client(pkgstash);
  await client.run("-Sy");
  const download = client.run("-Sw", "huge");
  await until("the mirror sends the package", () => mirror.hasStarted(huge.file));
  const stopped = pkgstash.stop();
  await download;
  await stopped;
  await pkgstash.start();
  await mirror.kill();
  const other = await bed.client(pkgstash);
  await other.run("-Syw", "huge");
  await assertDownloaded(other, huge);
});
