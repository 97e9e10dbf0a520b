// kill -9 on either side of a transfer: bytes that have arrived are never fetched again.
import { assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { fileSize } from "../../support/end_to_end/file_size.ts";
import type { NginxMirror } from "../../support/end_to_end/nginx_mirror.ts";
import type { BuiltPackage } from "../../support/end_to_end/package_builder.ts";
import type { PacmanClient } from "../../support/end_to_end/pacman_client.ts";
import { endToEndTest, type Mirrored, type TestBed } from "../../support/end_to_end/test_bed.ts";
import { until } from "../../support/until.ts";

const MEGABYTE = 1_000_000;

interface Scene extends Mirrored {
  /** A client with databases. */
  readonly client: PacmanClient;
  /** A package of 8 MiB. */
  readonly huge: BuiltPackage;
}

async function setUp(bed: TestBed, limitRate: string): Promise<Scene> {
  const mirrored = await bed.mirrored({ limitRate });
  const client = await bed.client(mirrored.pkgstash);
  await client.run("-Sy");
  return { ...mirrored, client, huge: mirrored.repositories.package("huge") };
}

/** Lets the client receive 2 MB of the package, and then kills pkgstash. */
async function killMidway({ client, huge, pkgstash }: Scene): Promise<void> {
  const download = await client.downloadUntil(huge, 2 * MEGABYTE);
  await pkgstash.kill();
  assertNotEquals((await download.finished).code, 0);
}

/** Asserts that the mirror sent the start of a package, and then the rest, from about `arrived` on. */
async function assertSentInTwoPieces(
  mirror: NginxMirror,
  { file, path }: BuiltPackage,
  arrived: number,
): Promise<void> {
  const transfers = (await mirror.packageRequests()).filter((request) => request.file === file);
  assertEquals(transfers.map(({ status }) => status), [200, 206]);
  const range = transfers[1]?.range ?? "";
  const start = Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
  // pkgstash kept what it had passed on, except for bytes that were still in its write buffer.
  assertGreater(start, arrived - MEGABYTE, `the second request was for "${range}"`);
  assertEquals(transfers[1]?.bytes, await fileSize(path) - start);
}

endToEndTest("a killed pkgstash resumes the transfer for the same client", async (bed) => {
  const scene = await setUp(bed, "2m");
  const { mirror, pkgstash, client, huge } = scene;
  await killMidway(scene);
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

endToEndTest("a killed pkgstash resumes the transfer for another client", async (bed) => {
  const scene = await setUp(bed, "2m");
  const { mirror, pkgstash, client, huge } = scene;
  await killMidway(scene);

  await pkgstash.start();
  const other = await bed.client(pkgstash);
  assertEquals((await other.statuses("-Syw", "huge")).get(huge.file), 200);
  await assertDownloaded(other, huge);
  await assertSentInTwoPieces(mirror, huge, await client.partSize(huge.file));
});

endToEndTest("a part of a file that has changed at the mirror is not used", async (bed) => {
  const scene = await setUp(bed, "2m");
  const { repositories, pkgstash } = scene;
  await killMidway(scene);

  const rebuilt = await repositories.rebuild("huge");
  await pkgstash.start();
  const other = await bed.client(pkgstash);
  await other.run("-Syw", "huge");
  await assertDownloaded(other, rebuilt);
});

endToEndTest("a killed pacman gets the rest from pkgstash", async (bed) => {
  const { mirror, client, huge } = await setUp(bed, "2m");
  const download = await client.downloadUntil(huge, 2 * MEGABYTE);
  await download.kill();
  await client.unlock();
  assertGreater(await client.partSize(huge.file), MEGABYTE);

  // The transfer continues without a client; the range may start before or after what is there.
  await client.run("-Sw", "huge");
  await assertDownloaded(client, huge);
  const transfers = (await mirror.packageRequests()).filter(({ file }) => file === huge.file);
  assertEquals(transfers.map(({ status, bytes }) => ({ status, bytes })), [
    { status: 200, bytes: await fileSize(huge.path) },
  ]);
});

endToEndTest("pacman resumes a file that is in pkgstash's cache", async (bed) => {
  const { repositories, mirror, pkgstash } = await bed.mirrored();
  const huge = repositories.package("huge");
  await (await bed.client(pkgstash)).run("-Syw", "huge");
  const client = await bed.client(pkgstash);
  await client.run("-Sy");
  await client.putPart(huge, 3 * MEGABYTE);
  assertEquals((await client.statuses("-Sw", "huge")).get(huge.file), 206);
  await assertDownloaded(client, huge);
  assertEquals((await mirror.packageRequests()).length, 1);
});

endToEndTest("pacman resumes near the end of a file that pkgstash never had", async (bed) => {
  // The whole file takes half a minute, longer than pacman waits for the first byte.
  const { client, huge } = await setUp(bed, "256k");
  await client.putPart(huge, 8 * MEGABYTE);
  await client.run("-Sw", "huge");
  await assertDownloaded(client, huge);
});

endToEndTest("SIGTERM lets transfers in flight finish", async (bed) => {
  const { pkgstash, client, huge } = await setUp(bed, "2m");
  const download = await client.downloadUntil(huge, MEGABYTE);
  const stopped = pkgstash.stop();
  await download.succeeded();
  await assertDownloaded(client, huge);
  assertEquals((await stopped).code, 0);
});

endToEndTest(
  "a file that finished during a stop is in the cache at the next start",
  async (bed) => {
    const { mirror, pkgstash, client, huge } = await setUp(bed, "1m");
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
  },
);
