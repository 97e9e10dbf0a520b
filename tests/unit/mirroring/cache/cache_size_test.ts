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

Deno.test("a directory in which nothing was added or removed is not read again", async () => {
  const root = await Deno.makeTempDir();
  const size = new CacheSize(new CacheLayout(root), () => Date.now() + 10_000);
  const directory = `${root}/core/os/x86_64`;
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeFile(`${directory}/a`, new Uint8Array(1000));
  assertEquals(await size.bytes(0), 1000);
  // In its place: no file of the cache changes like that.
  await Deno.writeFile(`${directory}/a`, new Uint8Array(2000));
  assertEquals(await size.bytes(0), 1000);
  await Deno.remove(`${directory}/a`);
  await Deno.utime(directory, 1, 1);
  assertEquals(await size.bytes(0), 0);
  await Deno.remove(root, { recursive: true });
});

Deno.test("a directory that has just changed is read again: its time has ticks", async () => {
  const root = await Deno.makeTempDir();
  const size = new CacheSize(new CacheLayout(root));
  await Deno.writeFile(`${root}/a`, new Uint8Array(1));
  const { mtime } = await Deno.stat(root);
  assertEquals(await size.bytes(0), 1);
  await Deno.writeFile(`${root}/b`, new Uint8Array(1));
  await Deno.utime(root, mtime!, mtime!);
  assertEquals(await size.bytes(0), 2);
  await Deno.remove(root, { recursive: true });
});

Deno.test("what grows in its place is measured: parts, and the index", async () => {
  const root = await Deno.makeTempDir();
  const layout = new CacheLayout(root);
  const size = new CacheSize(layout, () => Date.now() + 10_000);
  await Deno.mkdir(`${layout.parts}/core`, { recursive: true });
  await Deno.writeFile(`${layout.parts}/core/a.part`, new Uint8Array(1000));
  assertEquals(await size.bytes(0), 1000);
  await Deno.writeFile(`${layout.parts}/core/a.part`, new Uint8Array(2000));
  assertEquals(await size.bytes(0), 2000);
  await Deno.remove(root, { recursive: true });
});
