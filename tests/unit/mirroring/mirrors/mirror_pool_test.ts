import { assertEquals } from "@std/assert";
import { Mirror } from "../../../../src/mirroring/mirrors/mirror.ts";
import { MirrorPool } from "../../../../src/mirroring/mirrors/mirror_pool.ts";

const DIRECTORY = "extra/os/x86_64";

function poolOf(...names: string[]) {
  const clock = { now: 0 };
  const mirrors = names.map((name) =>
    new Mirror({ name, address: name, urlOf: () => null, now: () => clock.now })
  );
  const pool = new MirrorPool(mirrors, null, () => clock.now);
  const order = (directory: string | null = DIRECTORY) => {
    const { ready, resting } = pool.candidates(directory);
    return [ready, resting].map((some) => some.map(({ name }) => name).join(""));
  };
  return { clock, pool, mirrors, order };
}

Deno.test("mirrors of the same standing take turns", () => {
  const { order } = poolOf("a", "b", "c");
  assertEquals([order(), order(), order(), order()], [["abc", ""], ["bca", ""], ["cab", ""], [
    "abc",
    "",
  ]]);
});

Deno.test("every mirror is a candidate exactly once, whatever its standing", () => {
  const { pool, mirrors, order } = poolOf("a", "b", "c", "d");
  pool.resetStandings(DIRECTORY, [mirrors[1]!]);
  pool.markLagging(DIRECTORY, mirrors[2]!);
  mirrors[3]!.health.recordFailure("down");
  mirrors[0]!.health.inFlight = 7;
  for (let turn = 0; turn < 8; turn++) {
    assertEquals([...order().join("")].toSorted().join(""), "abcd");
  }
});

Deno.test("a mirror that agrees on the database is asked first, one that lags last", () => {
  const { pool, mirrors, order } = poolOf("a", "b", "c");
  pool.markCurrent(DIRECTORY, mirrors[2]!);
  pool.markLagging(DIRECTORY, mirrors[0]!);
  for (let turn = 0; turn < 6; turn++) assertEquals(order(), ["cba", ""]);
});

Deno.test("agreement on one database says nothing about another", () => {
  const { pool, mirrors, order } = poolOf("a", "b");
  pool.markCurrent("core/os/x86_64", mirrors[1]!);
  assertEquals(order(), ["ab", ""]);
  order();
  assertEquals(order(null), ["ab", ""]);
});

Deno.test("a new database is agreed on by those who brought it and nobody else", () => {
  const { pool, mirrors, order } = poolOf("a", "b");
  pool.markCurrent(DIRECTORY, mirrors[0]!);
  pool.resetStandings(DIRECTORY, [mirrors[1]!]);
  for (let turn = 0; turn < 4; turn++) assertEquals(order(), ["ba", ""]);
});

Deno.test("a preferred mirror does not carry all of the load", () => {
  const { pool, mirrors } = poolOf("a", "b", "c");
  pool.resetStandings(DIRECTORY, [mirrors[0]!]);
  for (let transfer = 0; transfer < 30; transfer++) {
    pool.candidates(DIRECTORY).ready[0]!.health.inFlight++;
  }
  const [a, b, c] = mirrors.map(({ health }) => health.inFlight);
  assertEquals(a! + b! + c!, 30);
  assertEquals(b! >= 8 && c! >= 8 && a! > b! && a! > c!, true, `${[a, b, c]}`);
});

Deno.test("mirrors that rest come after all others, the soonest back first", () => {
  const { clock, pool, mirrors, order } = poolOf("a", "b", "c");
  pool.resetStandings(DIRECTORY, [mirrors[0]!]);
  mirrors[0]!.health.recordFailure("down");
  clock.now += 1000;
  mirrors[1]!.health.recordFailure("down");
  for (let turn = 0; turn < 3; turn++) assertEquals(order(), ["c", "ab"]);
  clock.now += 4000;
  assertEquals(order(), ["ac", "b"]);
});

Deno.test("a pool without mirrors has no candidates", () => {
  assertEquals(poolOf().order(), ["", ""]);
});

Deno.test("a mirror that sent something else is asked last for that file, and only for it", () => {
  const { clock, pool, mirrors } = poolOf("a", "b", "c");
  const [a, b] = mirrors;
  const asked = (fileName: string) => {
    const file = { directory: DIRECTORY, fileName };
    const { ready, resting, refused } = pool.candidates(DIRECTORY, file);
    return [ready, resting, refused].map((some) =>
      some.map(({ name }) => name).toSorted().join("")
    );
  };
  pool.refuse(a!, { directory: DIRECTORY, fileName: "bad" });
  b!.health.recordFailure("down");
  a!.health.recordSuccess();
  assertEquals(asked("bad"), ["c", "b", "a"]);
  assertEquals(asked("good"), ["ac", "b", ""]);
  clock.now += 601_000;
  assertEquals(asked("bad"), ["abc", "", ""], "forgotten after some minutes");
});

Deno.test("a new database ends what was refused in its directory", () => {
  const { pool, mirrors } = poolOf("a", "b");
  const [bad, other] = [DIRECTORY, "core/os/x86_64"].map((directory) => ({
    directory,
    fileName: "bad",
  }));
  for (const file of [bad!, other!]) pool.refuse(mirrors[0]!, file);
  pool.resetStandings(DIRECTORY, []);
  assertEquals(pool.candidates(null, bad).refused, []);
  assertEquals(pool.candidates(null, other).refused, [mirrors[0]!]);
});

/** Records what a mirror gives, in kB/s. */
function measure({ health }: Mirror, rate: number): void {
  health.recordBytes({ bytes: rate * 10_000, waitedMs: 10_000 });
}

Deno.test("a mirror that is known to be much slower is asked after all others, in every turn", () => {
  const { pool, mirrors, order } = poolOf("a", "b", "c");
  measure(mirrors[0]!, 300);
  measure(mirrors[1]!, 5_000);
  for (let turn = 0; turn < 6; turn++) assertEquals(order()[0]![2], "a");
  // Even if it is the one with the served database: the others probably have the file.
  pool.resetStandings(DIRECTORY, [mirrors[0]!]);
  for (let turn = 0; turn < 6; turn++) assertEquals(order()[0]![2], "a");
});

Deno.test("an unknown mirror gets its turn beside a fast one", () => {
  const { mirrors, order } = poolOf("a", "b");
  measure(mirrors[0]!, 5_000);
  assertEquals([order()[0], order()[0]], ["ab", "ba"]);
});

Deno.test("mirrors of similar speed take turns, and so do those faster than any line", () => {
  for (const rates of [[1_000, 1_900], [40_000, 900_000]]) {
    const { mirrors, order } = poolOf("a", "b");
    for (const [index, rate] of rates.entries()) measure(mirrors[index]!, rate);
    assertEquals([order()[0], order()[0]], ["ab", "ba"]);
  }
});

Deno.test("a mirror below the minimum rate comes after those that nothing is known of", () => {
  const { pool, mirrors, order } = poolOf("a", "b");
  measure(mirrors[0]!, 20);
  assertEquals([order()[0], order()[0]], ["ab", "ba"], "it may be the line");
  pool.minimumBytesPerSecond = 100_000;
  assertEquals([order()[0], order()[0]], ["ba", "ba"]);
});

Deno.test("a mirror whose rest is over counts again when speeds are compared", () => {
  const { clock, mirrors, order } = poolOf("a", "b", "c");
  measure(mirrors[0]!, 300);
  measure(mirrors[1]!, 5_000);
  mirrors[1]!.health.recordFailure("down");
  assertEquals([order()[0], order()[0], order()[0]], ["ac", "ca", "ca"], "c is second in turn 1");
  clock.now += 5_000;
  assertEquals(order()[0]![2], "a");
});

Deno.test("a mirror with as many transfers as it should carry is asked after the others", () => {
  const { mirrors, order } = poolOf("a", "b");
  measure(mirrors[0]!, 5_000);
  measure(mirrors[1]!, 20);
  mirrors[0]!.health.inFlight = 6;
  assertEquals([order()[0], order()[0]], ["ba", "ba"]);
  mirrors[1]!.health.inFlight = 7;
  assertEquals(order()[0], "ab", "if all are full, the load decides");
});
