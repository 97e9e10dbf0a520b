// pacman directly at a mirror, without pkgstash: what the other tests are compared with.
import { assertEquals, assertNotEquals } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";

endToEndTest("a package is transferred once for each client without a cache", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root });
  for (let i = 0; i < 2; i++) {
    const client = await bed.client([`${mirror.url()}$repo/os/$arch`]);
    await client.run("-Sy", "app");
    assertEquals(
      await client.run("-Q"),
      "app 1.0-1\nbase-files 1.0-1\nlibcore 1.0-1\n",
    );
  }
  const { file, path } = repositories.package("app");
  const transfers = (await mirror.packageRequests()).filter((request) => request.file === file);
  const { size } = await Deno.stat(path);
  assertEquals(transfers.map(({ status, bytes }) => ({ status, bytes })), [
    { status: 200, bytes: size },
    { status: 200, bytes: size },
  ]);
});

endToEndTest("a mirror that dies midway fails its client without a cache", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "1m" });
  const client = await bed.client([`${mirror.url()}$repo/os/$arch`]);
  const huge = repositories.package("huge");
  await client.run("-Sy");
  const download = await client.downloadUntil(huge, 1_000_000);
  assertEquals(await mirror.hasStarted(huge.file), true);
  await mirror.kill();
  assertNotEquals((await download.finished).code, 0);
});

endToEndTest("pacman resumes a download after a kill without a cache", async (bed) => {
  const repositories = await bed.repositories();
  const mirror = await bed.mirror({ root: repositories.root, limitRate: "2m" });
  const client = await bed.client([`${mirror.url()}$repo/os/$arch`]);
  const huge = repositories.package("huge");
  await client.run("-Sy");
  const download = await client.downloadUntil(huge, 1_000_000);
  await download.kill();
  await client.unlock();
  const arrived = await client.partSize(huge.file);
  await client.run("-Sw", "huge");
  await assertDownloaded(client, huge);
  const resumed = (await mirror.packageRequests()).at(-1);
  assertEquals(resumed?.status, 206);
  assertEquals(resumed?.range, `bytes=${arrived}-`);
});

endToEndTest("a signed repository satisfies SigLevel = Required without a cache", async (bed) => {
  const key = await bed.signingKey();
  const { root } = await bed.repositories(key);
  const mirror = await bed.mirror({ root });
  const client = await bed.client([`${mirror.url()}$repo/os/$arch`], {
    sigLevel: "Required",
    trust: key,
  });
  await client.run("-Sy", "app");
  const requested = (await mirror.requests()).map(({ file }) => file);
  assertEquals(requested.filter((file) => file.endsWith(".db.sig")).length, 2);
});
