import { assertEquals, assertRejects } from "@std/assert";
import { packTar } from "modern-tar";
import { join } from "@std/path";
import { BuildFailure } from "../../../../src/builder/failure.ts";
import { unpackTree } from "../../../../src/builder/steps/unpack_tree.ts";
import { inTempFolder } from "../../../support/temp_folder.ts";

async function tarOf(...names: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const mtime = new Date(0);
  return new Uint8Array(
    await packTar(names.map((name) => ({
      header: { name, size: 1, mode: 0o4755, type: "file" as const, mtime },
      body: new Uint8Array([120]),
    }))),
  );
}

Deno.test("a job's files are written below its directory, without setuid bits", async () => {
  await inTempFolder(async (folder) => {
    await unpackTree(await tarOf("PKGBUILD", "keys/pgp/a.asc"), folder);
    assertEquals(await Deno.readTextFile(join(folder, "keys/pgp/a.asc")), "x");
    assertEquals((await Deno.stat(join(folder, "PKGBUILD"))).mode! & 0o7777, 0o755);
  });
});

Deno.test("a path outside the directory and a duplicate name are refused", async () => {
  for (const name of ["../out", "/etc/x", "a/../../out", "./x", ".."]) {
    await inTempFolder(async (folder) => {
      await assertRejects(async () => await unpackTree(await tarOf(name), folder), BuildFailure);
    });
  }
  await inTempFolder(async (folder) => {
    await assertRejects(async () => await unpackTree(await tarOf("a", "a"), folder));
  });
});
