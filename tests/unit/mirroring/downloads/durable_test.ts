import { assertEquals } from "@std/assert";
import { DiskEvents } from "../../../support/disk_events.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

Deno.test("a package is on disk before it has its name in the cache", async () => {
  await using app = await TestApp.start();
  const name = "a-1-1-any.pkg.tar.zst";
  app.put(`/core/os/x86_64/${name}`, packageBytes(100_000, 1));
  using disk = new DiskEvents();
  await app.warm(`/core/os/x86_64/${name}`);
  const ofPackage = disk.events.filter((event) => /a-1-1-any|x86_64/.test(event));
  assertEquals(ofPackage, [`sync ${name}.part`, `rename ${name}`, "sync the directory x86_64"]);
});
