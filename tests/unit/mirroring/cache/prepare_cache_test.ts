import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CacheLayout } from "../../../../src/mirroring/cache/cache_layout.ts";
import { prepareCache } from "../../../../src/mirroring/cache/prepare_cache.ts";
import { PkgstashError } from "../../../../src/errors.ts";

async function withDirectory(test: (layout: CacheLayout) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(new CacheLayout(`${directory}/cache`));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a cache directory is created with its version, and can be locked again", () =>
  withDirectory(async (layout) => {
    {
      using _ = await prepareCache(layout);
      assertEquals(await Deno.readTextFile(layout.version), "1\n");
    }
    using _ = await prepareCache(layout);
  }));

Deno.test("a cache directory in use is refused with the process that uses it", () =>
  withDirectory(async (layout) => {
    using _ = await prepareCache(layout);
    const error = await assertRejects(() => prepareCache(layout), PkgstashError);
    assertEquals(error.kind, "conflict");
    assertMatch(error.message, new RegExp(`another pkgstash \\(process ${Deno.pid}\\)`));
  }));

Deno.test("a cache directory of another version is refused and left as it is", () =>
  withDirectory(async (layout) => {
    (await prepareCache(layout))[Symbol.dispose]();
    await Deno.writeTextFile(layout.version, "2\n");
    const error = await assertRejects(() => prepareCache(layout), PkgstashError);
    assertEquals(error.kind, "storage");
    assertMatch(error.message, /version 2.*version 1.*cache_root/);
    assertEquals(await Deno.readTextFile(layout.version), "2\n");
    // The refusal released the lock.
    await Deno.writeTextFile(layout.version, "1\n");
    (await prepareCache(layout))[Symbol.dispose]();
  }));

Deno.test("a cache directory that cannot be created is refused with advice", () =>
  withDirectory(async (layout) => {
    await Deno.writeTextFile(layout.root, "a file");
    const error = await assertRejects(() => prepareCache(layout), PkgstashError);
    assertEquals(error.kind, "storage");
    assertMatch(error.message, /cache_root/);
  }));
