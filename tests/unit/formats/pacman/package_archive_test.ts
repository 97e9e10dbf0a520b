import { assertEquals } from "@std/assert";
import { readPackageArchive } from "../../../../src/formats/pacman/package_archive.ts";
import { gzipped, MADE_PACKAGE, madePackage } from "../../../support/made_package.ts";
import { streamOf } from "../../../support/sync_db_reading.ts";

Deno.test("a package is read whatever its compression and the size of its chunks", async () => {
  const tar = await madePackage();
  const expected = await readPackageArchive(streamOf(tar), MADE_PACKAGE);
  assertEquals(expected.info.name, "foo");
  assertEquals(expected.files, ["usr/", "usr/bin/", "usr/bin/foo"]);
  for (const bytes of [tar, await gzipped(tar)]) {
    for (const chunkBytes of [1, 512, 100_000]) {
      assertEquals(await readPackageArchive(streamOf(bytes, chunkBytes), MADE_PACKAGE), expected);
    }
  }
});
