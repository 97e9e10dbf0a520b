import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  planRetention,
  type RetentionEntry,
  type RetentionInput,
} from "../../../../src/mirroring/cleanup/retention.ts";
import { vercmp } from "../../../../src/formats/pacman/vercmp.ts";
import { DAY, entry, NOW } from "./retention_entries.ts";

/** True now and then: where most packages are protected, no limit can be met. */
const SELDOM = fc.nat({ max: 9 }).map((number) => number === 9);

const ENTRY = fc.record({
  directory: fc.constantFrom("core/os/x86_64", "extra/os/x86_64"),
  name: fc.constantFrom("a", "b", "c"),
  version: fc.stringMatching(/^([12]:)?[0-9]{1,2}(\.[0-9a-z]{1,3}){0,2}-[1-3]$/),
  bytes: fc.integer({ min: 0, max: 100 }),
  usedAt: fc.integer({ min: 0, max: 6 }).map((days) => NOW - days * DAY),
  fetchedAt: fc.integer({ min: 0, max: 3 }).map((days) => NOW - days * DAY),
  inFlight: SELDOM,
  pinned: SELDOM,
  current: fc.constantFrom(true, false, false, null),
}).map(({ name, version, ...more }) => entry(name, version, more));

const INPUT: fc.Arbitrary<RetentionInput<RetentionEntry>> = fc.record({
  entries: fc.uniqueArray(ENTRY, {
    selector: ({ directory, fileName }) => `${directory}/${fileName}`,
    maxLength: 30,
  }),
  limits: fc.record({
    keepVersions: fc.integer({ min: 0, max: 4 }),
    maxCacheAgeMs: fc.integer({ min: 0, max: 5 }).map((days) => days * DAY),
    maxCacheBytes: fc.integer({ min: 0, max: 1500 }),
    cacheLowWaterPercent: fc.integer({ min: 1, max: 100 }),
    minFreeBytes: fc.integer({ min: 0, max: 1000 }),
  }),
  freeBytes: fc.option(fc.integer({ min: 0, max: 1000 })),
  incomingBytes: fc.integer({ min: 0, max: 500 }),
  otherBytes: fc.integer({ min: 0, max: 200 }),
}).map(({ otherBytes, ...given }) => ({
  ...given,
  totalBytes: given.entries.reduce((sum, { bytes }) => sum + bytes, otherBytes),
  now: NOW,
}));

/** The input after its plan was carried out. */
async function after(
  given: RetentionInput<RetentionEntry>,
): Promise<RetentionInput<RetentionEntry>> {
  const { evictions, bytesFreed } = await planRetention(given);
  const gone = new Set(evictions.map(({ entry }) => entry));
  return {
    ...given,
    entries: given.entries.filter((entry) => !gone.has(entry)),
    totalBytes: given.totalBytes - bytesFreed,
    freeBytes: given.freeBytes === null ? null : given.freeBytes + bytesFreed,
  };
}

async function holds(
  property: (given: RetentionInput<RetentionEntry>) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(INPUT, property), { numRuns: 1000 });
}

Deno.test("retention: nothing pinned or in flight is evicted", async () => {
  await holds(async (given) => {
    for (const { entry } of (await planRetention(given)).evictions) {
      assert(!entry.pinned && !entry.inFlight);
    }
  });
});

Deno.test("retention: what may be in a database is evicted only for size or free space, and last", async () => {
  await holds(async (given) => {
    const { evictions } = await planRetention(given);
    for (const [index, { entry, reason }] of evictions.entries()) {
      if (entry.current === false) continue;
      assert(reason === "size" || reason === "free_space");
      const left = given.entries.filter((other) =>
        other.current === false && !other.pinned && !other.inFlight &&
        !evictions.slice(0, index).some((eviction) => eviction.entry === other)
      );
      assertEquals(left, []);
    }
  });
});

Deno.test("retention: nothing more is evicted once the plan was carried out", async () => {
  await holds(async (given) => {
    assertEquals((await planRetention(await after(given))).evictions, []);
  });
});

const isProtected = ({ pinned, inFlight }: RetentionEntry) => pinned || inFlight;

function bytesOf(entries: readonly RetentionEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The most that could be free if everything went that may go. */
function reachableOf(given: RetentionInput<RetentionEntry>): number {
  return (given.freeBytes ?? 0) + bytesOf(given.entries.filter((entry) => !isProtected(entry)));
}

Deno.test("retention: a limit is unmet only if what is left may not go, or would not be enough", async () => {
  await holds(async (given) => {
    const { unmet } = await planRetention(given);
    const { entries, totalBytes, freeBytes, incomingBytes, limits } = await after(given);
    const tooLarge = limits.maxCacheBytes > 0 && totalBytes > limits.maxCacheBytes;
    const goal = limits.minFreeBytes + incomingBytes;
    const tooFull = freeBytes !== null && freeBytes < goal;
    assertEquals(unmet !== null, tooLarge || tooFull);
    if (tooLarge) assert(entries.every(isProtected));
    if (!tooFull) return;
    assert(entries.every((entry) => isProtected(entry) || entry.current !== false));
    assert(reachableOf(given) < goal);
  });
});

Deno.test("retention: what is incoming fits if anything could make it fit", async () => {
  await holds(async (given) => {
    const { freeBytes, incomingBytes } = await after(given);
    if (freeBytes === null || reachableOf(given) < incomingBytes) return;
    assert(freeBytes >= incomingBytes);
  });
});

Deno.test("retention: a minimum out of reach costs no package in a database beyond what is incoming", async () => {
  await holds(async (given) => {
    const { minFreeBytes } = given.limits;
    if (given.freeBytes === null || reachableOf(given) >= minFreeBytes + given.incomingBytes) {
      return;
    }
    const { evictions } = await planRetention(given);
    let free = given.freeBytes;
    for (const { entry, reason } of evictions) {
      if (reason === "free_space" && entry.current !== false) assert(free < given.incomingBytes);
      free += entry.bytes;
    }
  });
});

Deno.test("retention: nothing is evicted for the size before or beyond what it requires", async () => {
  await holds(async (given) => {
    const { maxCacheBytes, cacheLowWaterPercent } = given.limits;
    const lowWaterBytes = Math.floor(maxCacheBytes * cacheLowWaterPercent / 100);
    let total = given.totalBytes;
    for (const { entry, reason } of (await planRetention(given)).evictions) {
      if (reason === "size") {
        assert(maxCacheBytes > 0 && total > lowWaterBytes);
      }
      if (reason === "free_space" && maxCacheBytes > 0) {
        // Its turn comes after the size, which has been met unless nothing may go.
        const rest = given.entries.filter((other) => !isProtected(other));
        assert(total <= maxCacheBytes || bytesOf(rest) === 0);
      }
      total -= entry.bytes;
    }
  });
});

Deno.test("retention: no more is evicted for free space than necessary", async () => {
  await holds(async (given) => {
    const { evictions } = await planRetention(given);
    const last = evictions.at(-1);
    if (last?.reason !== "free_space" || given.freeBytes === null) return;
    const freed = bytesOf(evictions.slice(0, -1).map(({ entry }) => entry));
    assert(given.freeBytes + freed < given.limits.minFreeBytes + given.incomingBytes);
  });
});

Deno.test("retention: the newest K versions of a package that are in no database are kept", async () => {
  await holds(async (given) => {
    const { evictions } = await planRetention(given);
    for (const { entry, reason } of evictions) {
      if (reason !== "superseded") continue;
      const left = await after({
        ...given,
        incomingBytes: 0,
        limits: { ...given.limits, maxCacheAgeMs: 0, maxCacheBytes: 0, minFreeBytes: 0 },
      });
      const newer = left.entries.filter((other) =>
        other.current === false && other.directory === entry.directory &&
        other.name === entry.name && vercmp(other.version ?? "", entry.version ?? "") >= 0
      );
      assert(newer.length >= given.limits.keepVersions);
    }
  });
});

Deno.test("retention: the plan does not depend on the order of the packages", async () => {
  const shuffled = INPUT.chain((given) =>
    fc.tuple(
      fc.constant(given),
      fc.shuffledSubarray([...given.entries], { minLength: given.entries.length }),
    )
  );
  await fc.assert(
    fc.asyncProperty(shuffled, async ([given, entries]) => {
      assertEquals(
        (await planRetention({ ...given, entries })).evictions,
        (await planRetention(given)).evictions,
      );
    }),
    { numRuns: 1000 },
  );
});
