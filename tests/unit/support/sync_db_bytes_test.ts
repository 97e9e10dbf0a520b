import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { unpackTar } from "modern-tar";
import { packageBytes } from "../../support/package_bytes.ts";
import { syncDbBytes } from "../../support/sync_db_bytes.ts";

async function unpack(db: Uint8Array<ArrayBuffer>) {
  return await unpackTar(new Response(db).body!.pipeThrough(new DecompressionStream("gzip")));
}

Deno.test("a sync database has a folder and a desc for each package", async () => {
  const db = await syncDbBytes([{
    name: "gtk2+extra",
    version: "1:2.0-3",
    fileName: "gtk2+extra-1:2.0-3-x86_64.pkg.tar.zst",
    size: 10,
    sha256: "ab".repeat(32),
    pgpsig: "iQEz",
    depends: ["glib2", "gtk2>=2"],
  }]);
  const entries = await unpack(db);
  assertEquals(entries.map(({ header }) => header.name), [
    "gtk2+extra-1:2.0-3/",
    "gtk2+extra-1:2.0-3/desc",
  ]);
  const desc = new TextDecoder().decode(entries[1]!.data);
  assertStringIncludes(desc, "%FILENAME%\ngtk2+extra-1:2.0-3-x86_64.pkg.tar.zst\n\n");
  assertStringIncludes(desc, "%DEPENDS%\nglib2\ngtk2>=2\n\n");
  assertStringIncludes(desc, "%PGPSIG%\niQEz\n\n");
});

Deno.test("a sync database without packages is valid and empty", async () => {
  assertEquals(await unpack(await syncDbBytes([])), []);
});

Deno.test("package bytes are reproducible, differ by seed, and start with zstd's magic number", () => {
  assertEquals(packageBytes(1001, 1), packageBytes(1001, 1));
  assertEquals(packageBytes(1001, 1).length, 1001);
  assertEquals([...packageBytes(4, 9)], [0x28, 0xb5, 0x2f, 0xfd]);
  const [one, other] = [packageBytes(64, 1), packageBytes(64, 2)];
  assertLess(one.filter((byte, index) => byte === other[index]).length, 10);
  assertEquals(packageBytes(2, 1).length, 2);
});
