import { assertEquals } from "@std/assert";
import {
  planRetention,
  type RetentionEntry,
  type RetentionInput,
} from "../../../../src/mirroring/cleanup/retention.ts";
import { DAY, entry, input, NOW } from "./retention_entries.ts";

/** The evictions in order, each as "reason name-version". */
async function evictions(given: RetentionInput<RetentionEntry>): Promise<string[]> {
  return (await planRetention(given)).evictions.map(({ entry: { name, version }, reason }) =>
    `${reason} ${name}-${version}`
  );
}

function used(daysAgo: number) {
  return { usedAt: NOW - daysAgo * DAY, fetchedAt: NOW - daysAgo * DAY };
}

const old = ["1-1", "2-1", "3-1", "4-1"].map((version) => entry("foo", version));

const CASES: [string, RetentionInput<RetentionEntry>, string[]][] = [
  ["nothing is evicted without limits", input(old), []],

  // keep_versions
  [
    "the newest K versions that are in no database are kept",
    input(old, { limits: { keepVersions: 2 } }),
    [
      "superseded foo-1-1",
      "superseded foo-2-1",
    ],
  ],
  [
    "the current version does not count towards K",
    input([...old, entry("foo", "5-1", { current: true })], { limits: { keepVersions: 3 } }),
    ["superseded foo-1-1"],
  ],
  [
    "with K = 0 every version that is in no database is evicted",
    input([...old, entry("foo", "0-1", { current: true })], { limits: { keepVersions: 0 } }),
    ["superseded foo-1-1", "superseded foo-2-1", "superseded foo-3-1", "superseded foo-4-1"],
  ],
  [
    "versions are ordered as pacman orders them, not by when they were fetched",
    input(
      [
        entry("foo", "1.10-1", used(9)),
        entry("foo", "1.9-1", used(1)),
        entry("foo", "1:0.1-1", used(20)),
      ],
      { limits: { keepVersions: 1 } },
    ),
    ["superseded foo-1.10-1", "superseded foo-1.9-1"],
  ],
  [
    "K applies to each package separately",
    input([entry("foo", "1-1"), entry("foo-libs", "2-1")], { limits: { keepVersions: 1 } }),
    [],
  ],
  [
    "K applies to each repository separately",
    input([entry("foo", "1-1"), entry("foo", "2-1", { directory: "extra/os/x86_64" })], {
      limits: { keepVersions: 1 },
    }),
    [],
  ],
  [
    "a pinned version is kept and counts towards K",
    input([entry("foo", "1-1"), entry("foo", "2-1", { pinned: true })], {
      limits: { keepVersions: 1 },
    }),
    ["superseded foo-1-1"],
  ],
  [
    "a pinned version beyond K is kept",
    input([entry("foo", "1-1", { pinned: true }), entry("foo", "2-1")], {
      limits: { keepVersions: 1 },
    }),
    [],
  ],
  [
    "a version in flight is kept",
    input([entry("foo", "1-1", { inFlight: true })], { limits: { keepVersions: 0 } }),
    [],
  ],
  [
    "without a readable database nothing is superseded",
    input(old.map((e) => ({ ...e, current: null })), { limits: { keepVersions: 0 } }),
    [],
  ],

  // max_cache_age
  [
    "a package unused for longer than the limit is evicted, least recently used first",
    input([entry("a", "1-1", used(11)), entry("b", "1-1", used(12)), entry("c", "1-1", used(10))], {
      limits: { maxCacheAgeMs: 10 * DAY },
    }),
    ["unused b-1-1", "unused a-1-1"],
  ],
  [
    "a package that may be in a database is not evicted for its age",
    input([
      entry("a", "1-1", { ...used(99), current: true }),
      entry("b", "1-1", { ...used(99), current: null }),
    ], { limits: { maxCacheAgeMs: 10 * DAY } }),
    [],
  ],
  [
    "a package that is pinned or in flight is not evicted for its age",
    input([
      entry("a", "1-1", { ...used(99), pinned: true }),
      entry("b", "1-1", { ...used(99), inFlight: true }),
    ], { limits: { maxCacheAgeMs: 10 * DAY } }),
    [],
  ],
  [
    "a use in the future, left by a clock that was set back, counts as recent",
    input([entry("a", "1-1", used(-400))], { limits: { maxCacheAgeMs: DAY } }),
    [],
  ],
  [
    "a package that is superseded and unused is evicted once",
    input([entry("foo", "1-1", used(50)), entry("foo", "2-1", used(40))], {
      limits: { keepVersions: 1, maxCacheAgeMs: 10 * DAY },
    }),
    ["superseded foo-1-1", "unused foo-2-1"],
  ],

  // max_cache_size
  [
    "a cache of exactly the maximum size loses nothing",
    input([entry("a", "1-1"), entry("b", "1-1")], { limits: { maxCacheBytes: 20 } }),
    [],
  ],
  [
    "a cache that is too large is reduced to the low-water mark, least recently used first",
    input(
      [1, 5, 3, 4, 2].map((days) => entry(`p${days}`, "1-1", used(days))),
      { limits: { maxCacheBytes: 49, cacheLowWaterPercent: 50 } },
    ),
    ["size p5-1-1", "size p4-1-1", "size p3-1-1"],
  ],
  [
    "a package that is in no database is evicted first, however recently it was used",
    input([
      entry("a", "1-1", { ...used(50), current: true }),
      entry("b", "1-1", { ...used(50), current: null }),
      entry("c", "1-1", used(1)),
    ], { limits: { maxCacheBytes: 25, cacheLowWaterPercent: 80 } }),
    ["size c-1-1"],
  ],
  [
    "packages that may be in a database are evicted when the size requires it, then down to the mark",
    input([
      entry("a", "1-1", { ...used(50), current: true }),
      entry("b", "1-1", { ...used(49), current: null }),
      entry("c", "1-1", { ...used(48), current: true }),
      entry("d", "1-1", used(1)),
    ], { limits: { maxCacheBytes: 29, cacheLowWaterPercent: 50 } }),
    ["size d-1-1", "size a-1-1", "size b-1-1"],
  ],
  [
    "a package in a database is kept when the size is met without it, even if the mark is not",
    input([entry("a", "1-1", { current: true }), entry("b", "1-1")], {
      limits: { maxCacheBytes: 15, cacheLowWaterPercent: 10 },
    }),
    ["size b-1-1"],
  ],
  [
    "evictions for other reasons count towards the size",
    input([entry("foo", "1-1"), entry("foo", "2-1"), entry("a", "1-1", { current: true })], {
      limits: { keepVersions: 1, maxCacheBytes: 20, cacheLowWaterPercent: 50 },
    }),
    ["superseded foo-1-1"],
  ],
  [
    "bytes of other files count towards the size",
    input([entry("a", "1-1")], { totalBytes: 1000, limits: { maxCacheBytes: 999 } }),
    ["size a-1-1"],
  ],
  [
    "a package that is pinned or in flight is not evicted for the size",
    input([entry("a", "1-1", { pinned: true }), entry("b", "1-1", { inFlight: true })], {
      limits: { maxCacheBytes: 1 },
    }),
    [],
  ],

  // min_free_space
  [
    "the least recently used are evicted until there is enough free space",
    input([entry("a", "1-1", used(3)), entry("b", "1-1", used(2)), entry("c", "1-1", used(1))], {
      freeBytes: 85,
      limits: { minFreeBytes: 100 },
    }),
    ["free_space a-1-1", "free_space b-1-1"],
  ],
  [
    "packages that may be in a database are evicted last for free space as well",
    input([
      entry("a", "1-1", { ...used(30), current: true }),
      entry("b", "1-1", used(2)),
      entry("c", "1-1", { ...used(40), current: null }),
    ], { freeBytes: 85, limits: { minFreeBytes: 100 } }),
    ["free_space b-1-1", "free_space c-1-1"],
  ],
  [
    "evictions for other reasons count towards the free space",
    input([entry("a", "1-1", used(90)), entry("b", "1-1", used(1))], {
      freeBytes: 95,
      limits: { maxCacheAgeMs: 10 * DAY, minFreeBytes: 100 },
    }),
    ["unused a-1-1"],
  ],
  [
    "exactly the minimum of free space is enough",
    input([entry("a", "1-1")], { freeBytes: 100, limits: { minFreeBytes: 100 } }),
    [],
  ],
  [
    "unknown free space evicts nothing",
    input([entry("a", "1-1")], { freeBytes: null, limits: { minFreeBytes: 100 } }),
    [],
  ],
  [
    "room is made for what is incoming, beside the minimum",
    input([1, 2, 3].map((days) => entry(`p${days}`, "1-1", used(days))), {
      freeBytes: 100,
      incomingBytes: 15,
      limits: { minFreeBytes: 100 },
    }),
    ["free_space p3-1-1", "free_space p2-1-1"],
  ],
  [
    "a minimum that is out of reach costs what is in no database, and nothing that may be in one",
    input([
      entry("a", "1-1", { ...used(9), current: true }),
      entry("b", "1-1", { ...used(9), current: null }),
      entry("c", "1-1", used(1)),
    ], { freeBytes: 50, incomingBytes: 50, limits: { minFreeBytes: 100 } }),
    ["free_space c-1-1"],
  ],
  [
    "with a minimum out of reach, room for what is incoming is made all the same, and no more",
    input([
      entry("a", "1-1", { ...used(9), current: true }),
      entry("b", "1-1", { ...used(8), current: true }),
      entry("c", "1-1", used(1)),
    ], { freeBytes: 50, incomingBytes: 65, limits: { minFreeBytes: 100 } }),
    ["free_space c-1-1", "free_space a-1-1"],
  ],
  [
    "what cannot fit even without all others costs nothing that may be in a database",
    input([entry("a", "1-1", { current: true })], {
      freeBytes: 50,
      incomingBytes: 61,
      limits: { minFreeBytes: 1 },
    }),
    [],
  ],
  [
    "all rules apply in their order",
    input([
      entry("foo", "1-1", used(2)),
      entry("foo", "2-1", used(1)),
      entry("bar", "1-1", used(99)),
      entry("baz", "1-1", used(5)),
      entry("cur", "1-1", { ...used(80), current: true }),
      entry("cur2", "1-1", { ...used(70), current: true }),
    ], {
      freeBytes: 0,
      limits: {
        keepVersions: 1,
        maxCacheAgeMs: 10 * DAY,
        maxCacheBytes: 35,
        minFreeBytes: 50,
        cacheLowWaterPercent: 90,
      },
    }),
    [
      "superseded foo-1-1",
      "unused bar-1-1",
      "size baz-1-1",
      "free_space foo-2-1",
      "free_space cur-1-1",
    ],
  ],
];

for (const [property, given, expected] of CASES) {
  Deno.test(`retention: ${property}`, async () => {
    assertEquals(await evictions(given), expected);
    assertEquals(await evictions({ ...given, entries: given.entries.toReversed() }), expected);
  });
}

Deno.test("retention: the order of packages used at the same time does not depend on the input", async () => {
  const entries = [
    entry("b", "1-1"),
    entry("a", "1-1"),
    entry("a", "1-1", { directory: "aur/os/x86_64" }),
    entry("z", "1-1", { fetchedAt: NOW - 1 }),
  ];
  const expected = ["z-1-1", "a-1-1", "a-1-1", "b-1-1"].map((name) => `size ${name}`);
  for (const given of [entries, entries.toReversed()]) {
    const plan = await planRetention(input(given, { limits: { maxCacheBytes: 1 } }));
    assertEquals(
      plan.evictions.map(({ entry: { name, version }, reason }) => `${reason} ${name}-${version}`),
      expected,
    );
    assertEquals(plan.evictions[1]!.entry.directory, "aur/os/x86_64");
  }
});

Deno.test("retention: freed bytes and kept packages are counted", async () => {
  const plan = await planRetention(
    input([
      entry("foo", "1-1", { bytes: 7 }),
      entry("foo", "2-1", { bytes: 5 }),
      entry("bar", "1-1", { bytes: 3, current: true, pinned: true }),
      entry("baz", "1-1", { bytes: 2, current: null, inFlight: true }),
    ], { totalBytes: 100, limits: { keepVersions: 1 } }),
  );
  assertEquals(plan.bytesFreed, 7);
  assertEquals(plan.kept, { files: 3, bytes: 10, current: 2, pinned: 1, inFlight: 1 });
  assertEquals(plan.unmet, null);
});

Deno.test("retention: a limit that protected packages exceed is reported, not an error", async () => {
  const protectedFiles = [
    entry("a", "1-1", { pinned: true, bytes: 2048 }),
    entry("b", "1-1", { inFlight: true, bytes: 1024 }),
  ];
  const plan = await planRetention(
    input([...protectedFiles, entry("c", "1-1")], {
      freeBytes: 0,
      limits: { maxCacheBytes: 1024, minFreeBytes: 4096 },
    }),
  );
  assertEquals(plan.evictions.map(({ entry }) => entry.name), ["c"]);
  assertEquals(
    plan.unmet,
    "the cache still holds 3 KiB, more than 1 KiB (max_cache_size), and the disk still has only " +
      "10 B free, less than 4 KiB (min_free_space): nothing more can be removed, 2 KiB are " +
      "pinned, 1 KiB in flight",
  );
});

Deno.test("retention: a minimum that is out of reach is reported with what is kept in spite of it", async () => {
  const plan = await planRetention(
    input([entry("a", "1-1", { current: true, bytes: 2048 })], {
      freeBytes: 1024,
      incomingBytes: 512,
      limits: { minFreeBytes: 4096 },
    }),
  );
  assertEquals(
    plan.unmet,
    "the disk still has only 1 KiB free, less than 4 KiB (min_free_space) plus 512 B for incoming " +
      "files: nothing more can be removed, 0 B are pinned, 0 B in flight, and removing the 2 KiB " +
      "of current packages would not be enough",
  );
});

Deno.test("retention: every reason comes in words, with its figures and its key", async (t) => {
  const old = entry("foo", "1-1", { ...used(30), bytes: 1024 });
  const size = { totalBytes: 2048, limits: { maxCacheBytes: 1024, cacheLowWaterPercent: 90 } };
  const free = { freeBytes: 1024, limits: { minFreeBytes: 2048 } };
  const lastUsed = "last used on 2026-09-01";
  const cases: [string, RetentionInput<RetentionEntry>, string][] = [
    [
      "superseded, none is kept",
      input([old], { limits: { keepVersions: 0 } }),
      "no longer in any database, and keep_versions is 0",
    ],
    [
      "superseded, one is kept",
      input([old, entry("foo", "2-1")], { limits: { keepVersions: 1 } }),
      "no longer in any database, and 1 newer such version of foo is kept (keep_versions)",
    ],
    [
      "superseded, two are kept",
      input([old, entry("foo", "2-1"), entry("foo", "3-1")], { limits: { keepVersions: 2 } }),
      "no longer in any database, and 2 newer such versions of foo are kept (keep_versions)",
    ],
    [
      "unused",
      input([old], { limits: { maxCacheAgeMs: 20 * DAY } }),
      `no longer in any database, and ${lastUsed}, longer ago than 20d (max_cache_age)`,
    ],
    [
      "size",
      input([old], size),
      "the cache holds 2 KiB, more than 1 KiB (max_cache_size), and is reduced to 90% of that " +
      `(cache_low_water); ${lastUsed}`,
    ],
    [
      "size, at an unknown time",
      input([{ ...old, usedAt: NaN }], size),
      "the cache holds 2 KiB, more than 1 KiB (max_cache_size), and is reduced to 90% of that " +
      "(cache_low_water); last used at an unknown time",
    ],
    [
      "free space, in a database",
      input([{ ...old, current: true }], free),
      `the disk has 1 KiB free, less than 2 KiB (min_free_space); ${lastUsed}; it is still in a ` +
      "database, but nothing outdated is left to remove",
    ],
    [
      "free space, for what is incoming",
      input([old], { ...free, incomingBytes: 512, limits: { minFreeBytes: 1024 } }),
      "the disk has 1 KiB free, less than 1 KiB (min_free_space) plus 512 B for incoming files; " +
      lastUsed,
    ],
    [
      "free space, perhaps in a database",
      input([{ ...old, current: null }], free),
      `the disk has 1 KiB free, less than 2 KiB (min_free_space); ${lastUsed}; it may still be ` +
      "in a database, but nothing outdated is left to remove",
    ],
  ];
  for (const [name, given, why] of cases) {
    await t.step(
      name,
      async () => assertEquals((await planRetention(given)).evictions[0]?.why, why),
    );
  }
});
