import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { sortedInSlices, TimeSlice } from "../../../src/async/time_slice.ts";

/** Keeps the processor busy until the slice is over. */
function use(slice: TimeSlice): void {
  while (!slice.isOver);
}

Deno.test("time slice: whoever gives way lets timers run, and begins a new slice", async () => {
  const slice = new TimeSlice();
  assert(!slice.isOver);
  const timer = Promise.withResolvers<void>();
  let hasRun = false;
  setTimeout(() => {
    hasRun = true;
    timer.resolve();
  }, 0);
  while (!hasRun) {
    use(slice);
    await slice.renew();
    assert(!slice.isOver);
  }
  await timer.promise;
});

Deno.test("time slice: sorting gives way, and is like that of an array, also in what is equal", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ key: fc.nat({ max: 50 }), id: fc.nat() }), { maxLength: 5000 }),
      async (items) => {
        const compare = (one: { key: number }, other: { key: number }) => one.key - other.key;
        assertEquals(await sortedInSlices(items, compare), items.toSorted(compare));
      },
    ),
    { numRuns: 30 },
  );
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const slow = (one: number, other: number) => {
    for (const end = performance.now() + 0.05; performance.now() < end;);
    return one - other;
  };
  await sortedInSlices(Array.from({ length: 3000 }, (_, index) => -index), slow);
  clearInterval(timer);
  assert(turns > 1);
});
