import { assertEquals } from "@std/assert";
import { CacheLayout } from "../../../../src/mirroring/cache/cache_layout.ts";
import { CacheSize } from "../../../../src/mirroring/cache/cache_size.ts";

Deno.test("the size is that of all files, and is remembered for a while", async () => {
  const root = await Deno.makeTempDir();
  const size = new CacheSize(new CacheLayout(root));
  await Deno.mkdir(`${root}/core/os/x86_64`, { recursive: true });
  await Deno.writeFile(`${root}/core/os/x86_64/a`, new Uint8Array(1000));
  await Deno.writeFile(`${root}/b`, new Uint8Array(10));
  await Deno.symlink(`${root}/b`, `${root}/link`);
  assertEquals(await size.bytes(), 1010);
  await Deno.writeFile(`${root}/c`, new Uint8Array(1));
  assertEquals(await size.bytes(), 1010);
  assertEquals(await size.bytes(0), 1011);
  await Deno.remove(root, { recursive: true });
});

Deno.test("the size is NaN while the directory cannot be read, and is measured again once it can", async () => {
  const root = await Deno.makeTempDir();
  const size = new CacheSize(new CacheLayout(`${root}/cache`));
  assertEquals(await size.bytes(), NaN);
  await Deno.mkdir(`${root}/cache`);
  await Deno.writeFile(`${root}/cache/a`, new Uint8Array(7));
  assertEquals(await size.bytes(), 7);
  await Deno.remove(root, { recursive: true });
});
