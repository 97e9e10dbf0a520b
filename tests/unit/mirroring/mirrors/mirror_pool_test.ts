import { assertEquals } from "@std/assert";
import { Mirror } from "../../../../src/mirroring/mirrors/mirror.ts";
import { MirrorPool } from "../../../../src/mirroring/mirrors/mirror_pool.ts";

const DIRECTORY = "extra/os/x86_64";

function poolOf(...names: string[]) {
  const clock = { now: 0 };
  const mirrors = names.map((name) =>
    new Mirror({ name, address: name, urlOf: () => null, now: () => clock.now })
  );
  const pool = new MirrorPool(mirrors);
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

Deno.test("agreement on one database says nothing of another", () => {
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
