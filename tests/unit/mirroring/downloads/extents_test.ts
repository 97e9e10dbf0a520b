import { assertEquals } from "@std/assert";
import { Extents } from "../../../../src/mirroring/downloads/extents.ts";

const SIZE = 64;

/** What extents say, from a list of which bytes are there. */
function expected(there: readonly boolean[], position: number) {
  const firstHole = there.indexOf(false, position);
  const end = firstHole < 0 ? there.length : firstHole;
  const next = there.indexOf(true, position);
  const before = there.lastIndexOf(true, position - 1);
  return {
    // At the end of a stretch, as in the middle of one, there is nothing more than that.
    endOf: there[position] ? end : position,
    gapAt: next < 0 ? Infinity : next - position,
    endBefore: position === 0 || there[position - 1] ? null : before + 1,
  };
}

Deno.test("extents know every hole, whatever the order in which bytes come", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 0x7fffffff) % below;
  for (let round = 0; round < 200; round++) {
    const prefix = random(8);
    const extents = new Extents(prefix);
    const there = Array.from({ length: SIZE }, (_, index) => index < prefix);
    for (let step = 0; step < 12; step++) {
      const start = random(SIZE);
      const end = Math.min(SIZE, start + random(12));
      extents.add(start, end);
      there.fill(true, start, end);
      const label = `round ${round}, step ${step}`;
      assertEquals(extents.count, there.filter(Boolean).length, label);
      assertEquals(extents.prefix, there.includes(false) ? there.indexOf(false) : SIZE, label);
      assertEquals(extents.hasHoles, there.lastIndexOf(true) + 1 > extents.prefix, label);
      for (let position = 0; position < SIZE; position++) {
        const { endOf, gapAt, endBefore } = expected(there, position);
        assertEquals(extents.endOf(position), endOf, `${label}, end of ${position}`);
        assertEquals(extents.gapAt(position), gapAt, `${label}, gap at ${position}`);
        if (endBefore !== null) assertEquals(extents.endBefore(position), endBefore, label);
      }
    }
  }
});
