import { assertEquals } from "@std/assert";
import { Pins } from "../../../../src/mirroring/cleanup/pins.ts";

Deno.test("a package is pinned if any of the patterns matches it", () => {
  const pins = new Pins(["linux", "nvidia-*"]);
  const isPinned = (name: string) =>
    pins.has({ name, fileName: `${name}-1.0-1-x86_64.pkg.tar.zst` });
  assertEquals(["linux", "linux-lts", "nvidia-utils"].map(isPinned), [true, false, true]);
  assertEquals(new Pins([]).has({ name: "linux", fileName: "linux" }), false);
});
