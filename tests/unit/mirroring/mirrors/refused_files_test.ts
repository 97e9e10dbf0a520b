import { assertEquals } from "@std/assert";
import { Mirror } from "../../../../src/mirroring/mirrors/mirror.ts";
import { RefusedFiles } from "../../../../src/mirroring/mirrors/refused_files.ts";

Deno.test("refused files are remembered in bounded memory, the latest ones", () => {
  const refused = new RefusedFiles(() => 0);
  const mirror = new Mirror({ name: "a", address: "a", urlOf: () => null });
  const file = (index: number) => ({ directory: "core", fileName: `file${index}` });
  for (let index = 0; index < 5_000; index++) refused.add(mirror, file(index));
  const remembered = Array.from({ length: 5_000 }, (_, index) => refused.has(mirror, file(index)));
  assertEquals(remembered.filter(Boolean).length, 1_000);
  assertEquals(remembered.lastIndexOf(false), 3_999);
});
