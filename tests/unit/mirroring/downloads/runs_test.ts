// Holes of a file, and what is on its way into them.
import { assertEquals } from "@std/assert";
import { Extents } from "../../../../src/mirroring/downloads/extents.ts";
import { Run, Runs } from "../../../../src/mirroring/downloads/runs.ts";

const SIZE = 1_000;
const SHARE = () => 100;

/** A file of which these bytes are there, and runs that have got to a position. */
function runsOver(there: [number, number][], runs: { at: number; end?: number }[]) {
  const extents = new Extents();
  for (const [start, end] of there) extents.add(start, end);
  const all = new Runs(extents);
  for (const { at, end = Infinity } of runs) all.add(new Run(at, end, null));
  return all;
}

Deno.test("the first hole comes after existing and incoming bytes", () => {
  const runs = runsOver([[0, 200], [400, 500]], [{ at: 200, end: 400 }, { at: 500, end: 600 }]);
  assertEquals(runs.holeFrom(0, SIZE, SHARE), { start: 600, end: SIZE });
});

Deno.test("a hole ends where bytes are, where a run is, or at the limit", () => {
  assertEquals(runsOver([[500, 600]], []).holeFrom(0, SIZE, SHARE), { start: 0, end: 500 });
  assertEquals(runsOver([], [{ at: 500 }]).holeFrom(0, SIZE, SHARE), { start: 0, end: 500 });
  assertEquals(runsOver([], []).holeFrom(300, 400, SHARE), { start: 300, end: 400 });
});

Deno.test("a run without an end has its share, up to what is there", () => {
  assertEquals(runsOver([], [{ at: 0 }]).holeFrom(0, SIZE, SHARE), { start: 100, end: SIZE });
  const met = runsOver([[50, 60]], [{ at: 0 }]);
  assertEquals(met.holeFrom(0, SIZE, SHARE), { start: 60, end: SIZE });
});

Deno.test("there is no hole where all bytes exist or are incoming", () => {
  const runs = runsOver([[0, 300]], [{ at: 300, end: SIZE }]);
  assertEquals(runs.holeFrom(0, SIZE, SHARE), null);
});

Deno.test("a run ends where another one will continue", () => {
  const runs = runsOver([[700, 800]], [{ at: 0 }, { at: 400, end: 450 }]);
  assertEquals(runs.inOrder.map((run) => runs.endOf(run)), [400, 450]);
});
