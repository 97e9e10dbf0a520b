import { assertEquals } from "@std/assert";
import { TempFolder } from "../../../support/temp_folder.ts";
import { RefusedBeginnings } from "../../../../src/mirroring/downloads/refused_beginnings.ts";

const HOUR_MS = 3_600_000;

Deno.test("a beginning may be wrong up to the bytes that were handed out, and for some hours", () => {
  let now = 0;
  const refused = new RefusedBeginnings(null, () => now);
  assertEquals(refused.mayEndAt("a", 1), false);
  refused.add("a", 0);
  assertEquals(refused.mayEndAt("a", 1), false);
  refused.add("a", 100);
  refused.add("a", 50);
  assertEquals([0, 1, 100, 101].map((at) => refused.mayEndAt("a", at)), [false, true, true, false]);
  assertEquals(refused.mayEndAt("b", 1), false);
  now = 6 * HOUR_MS - 1;
  assertEquals(refused.mayEndAt("a", 1), true);
  now += 1;
  assertEquals(refused.mayEndAt("a", 1), false);
});

Deno.test("the number of wrong beginnings is limited, and the oldest is forgotten", () => {
  const refused = new RefusedBeginnings(null, () => 0);
  for (let index = 0; index <= 1_000; index++) refused.add(String(index), 1);
  assertEquals(["0", "1", "1000"].map((key) => refused.mayEndAt(key, 1)), [false, true, true]);
});

Deno.test("wrong beginnings are known after a restart, and a damaged record counts as none", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("refused.json");
  const first = new RefusedBeginnings(path);
  await first.load();
  first.add("a", 100);
  first.add("b", 50);
  await first.settled();
  const second = new RefusedBeginnings(path);
  await second.load();
  assertEquals([second.mayEndAt("a", 100), second.mayEndAt("b", 51)], [true, false]);
  for (const damage of ["", "{", "[1, null]", '[["a"]]', '{"a": 1}']) {
    await Deno.writeTextFile(path, damage);
    const third = new RefusedBeginnings(path);
    await third.load();
    assertEquals(third.mayEndAt("a", 1), false, damage);
  }
});
