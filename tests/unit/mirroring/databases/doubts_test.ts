import { assertEquals } from "@std/assert";
import { Doubts } from "../../../../src/mirroring/databases/doubts.ts";

Deno.test("evidence stays until the mirrors have answered a question that was asked after it", () => {
  const doubts = new Doubts(() => 0);
  doubts.add("first");
  const { raised } = doubts;
  doubts.raise();
  doubts.settle(raised);
  assertEquals(doubts.isOpen, true);
  doubts.settle(doubts.raised);
  assertEquals(doubts.isOpen, false);
});

Deno.test("the same evidence is believed again after 5, 10, 20 seconds and so on", () => {
  let now = 0;
  const doubts = new Doubts(() => now);
  const heardAt: number[] = [];
  for (now = 0; now < 80_000; now += 500) if (doubts.add("404 of a")) heardAt.push(now / 1000);
  assertEquals(heardAt, [0, 5, 15, 35, 75]);
});

Deno.test("evidence is accepted more and more rarely, however many kinds there are", () => {
  let now = 0;
  const doubts = new Doubts(() => now);
  const takenAt: number[] = [];
  for (now = 0; now < 200_000; now += 100) {
    if (doubts.add(`404 of ${now}`)) takenAt.push(now / 1000);
  }
  assertEquals(takenAt, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
});

Deno.test("another database is doubted by the same evidence at once", () => {
  const doubts = new Doubts(() => 0);
  assertEquals(doubts.add("404 of a"), true);
  assertEquals(doubts.add("404 of a"), false);
  assertEquals(doubts.add("404 of b"), false);
  doubts.forget();
  assertEquals(doubts.add("404 of a"), true);
});
