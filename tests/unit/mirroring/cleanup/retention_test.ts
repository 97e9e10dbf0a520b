import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  planRetention,
  type RetentionEntry,
  type RetentionInput,
} from "../../../../src/mirroring/cleanup/retention.ts";
import { DAY, entry, input, NOW } from "./retention_entries.ts";

/** What goes, as "reason name-version", in order. */
function victims(given: RetentionInput<RetentionEntry>): string[] {
  return planRetention(given).victims.map(({ entry: { name, version }, reason }) =>
    `${reason} ${name}-${version}`
  );
}

function used(daysAgo: number) {
  return { usedAt: NOW - daysAgo * DAY, fetchedAt: NOW - daysAgo * DAY };
}

const old = ["1-1", "2-1", "3-1", "4-1"].map((version) => entry("foo", version));

const CASES: [string, RetentionInput<RetentionEntry>, string[]][] = [
  ["nothing goes without limits", input(old), []],

  // keep_versions
  ["the newest K that no database names stay", input(old, { limits: { keepVersions: 2 } }), [
    "superseded foo-1-1",
    "superseded foo-2-1",
  ]],
  [
    "the current version is not one of the K",
    input([...old, entry("foo", "5-1", { current: true })], { limits: { keepVersions: 3 } }),
    ["superseded foo-1-1"],
  ],
  [
    "with K = 0 everything goes that no database names",
    input([...old, entry("foo", "0-1", { current: true })], { limits: { keepVersions: 0 } }),
    ["superseded foo-1-1", "superseded foo-2-1", "superseded foo-3-1", "superseded foo-4-1"],
  ],
  [
    "versions are ordered as pacman orders them, whenever they were fetched",
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
    "K counts each package by itself",
    input([entry("foo", "1-1"), entry("foo-libs", "2-1")], { limits: { keepVersions: 1 } }),
    [],
  ],
  [
    "K counts each repository by itself",
    input([entry("foo", "1-1"), entry("foo", "2-1", { directory: "extra/os/x86_64" })], {
      limits: { keepVersions: 1 },
    }),
    [],
  ],
  [
    "a pinned version stays and takes up a place of the K",
    input([entry("foo", "1-1"), entry("foo", "2-1", { pinned: true })], {
      limits: { keepVersions: 1 },
    }),
    ["superseded foo-1-1"],
  ],
  [
    "a pinned version beyond the K stays",
    input([entry("foo", "1-1", { pinned: true }), entry("foo", "2-1")], {
      limits: { keepVersions: 1 },
    }),
    [],
  ],
  [
    "a version in flight stays",
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
    "what was not used for longer than the limit goes, oldest first",
    input([entry("a", "1-1", used(11)), entry("b", "1-1", used(12)), entry("c", "1-1", used(10))], {
      limits: { maxCacheAgeMs: 10 * DAY },
    }),
    ["unused b-1-1", "unused a-1-1"],
  ],
  [
    "what a database names, or may name, does not go for its age",
    input([
      entry("a", "1-1", { ...used(99), current: true }),
      entry("b", "1-1", { ...used(99), current: null }),
    ], { limits: { maxCacheAgeMs: 10 * DAY } }),
    [],
  ],
  [
    "what is pinned or in flight does not go for its age",
    input([
      entry("a", "1-1", { ...used(99), pinned: true }),
      entry("b", "1-1", { ...used(99), inFlight: true }),
    ], { limits: { maxCacheAgeMs: 10 * DAY } }),
    [],
  ],
  [
    "a use in the future, by a clock set back since, is a use",
    input([entry("a", "1-1", used(-400))], { limits: { maxCacheAgeMs: DAY } }),
    [],
  ],
  [
    "what is superseded and unused goes once",
    input([entry("foo", "1-1", used(50)), entry("foo", "2-1", used(40))], {
      limits: { keepVersions: 1, maxCacheAgeMs: 10 * DAY },
    }),
    ["superseded foo-1-1", "unused foo-2-1"],
  ],

  // max_cache_size
  [
    "a cache of exactly its size loses nothing",
    input([entry("a", "1-1"), entry("b", "1-1")], { limits: { maxCacheBytes: 20 } }),
    [],
  ],
  [
    "a cache that is too large is cleaned down to the low-water mark, least recently used first",
    input(
      [1, 5, 3, 4, 2].map((days) => entry(`p${days}`, "1-1", used(days))),
      { limits: { maxCacheBytes: 49, cacheLowWaterPercent: 50 } },
    ),
    ["size p5-1-1", "size p4-1-1", "size p3-1-1"],
  ],
  [
    "what no database names goes first, however lately it was used",
    input([
      entry("a", "1-1", { ...used(50), current: true }),
      entry("b", "1-1", { ...used(50), current: null }),
      entry("c", "1-1", used(1)),
    ], { limits: { maxCacheBytes: 25, cacheLowWaterPercent: 80 } }),
    ["size c-1-1"],
  ],
  [
    "what a database names goes when size forces it, then down to the mark",
    input([
      entry("a", "1-1", { ...used(50), current: true }),
      entry("b", "1-1", { ...used(49), current: null }),
      entry("c", "1-1", { ...used(48), current: true }),
      entry("d", "1-1", used(1)),
    ], { limits: { maxCacheBytes: 29, cacheLowWaterPercent: 50 } }),
    ["size d-1-1", "size a-1-1", "size b-1-1"],
  ],
  [
    "what a database names stays when the size is met without it, though not the mark",
    input([entry("a", "1-1", { current: true }), entry("b", "1-1")], {
      limits: { maxCacheBytes: 15, cacheLowWaterPercent: 10 },
    }),
    ["size b-1-1"],
  ],
  [
    "what went for other reasons counts",
    input([entry("foo", "1-1"), entry("foo", "2-1"), entry("a", "1-1", { current: true })], {
      limits: { keepVersions: 1, maxCacheBytes: 20, cacheLowWaterPercent: 50 },
    }),
    ["superseded foo-1-1"],
  ],
  [
    "bytes that are no packages count",
    input([entry("a", "1-1")], { totalBytes: 1000, limits: { maxCacheBytes: 999 } }),
    ["size a-1-1"],
  ],
  [
    "size never takes what is pinned or in flight",
    input([entry("a", "1-1", { pinned: true }), entry("b", "1-1", { inFlight: true })], {
      limits: { maxCacheBytes: 1 },
    }),
    [],
  ],

  // min_free_space
  [
    "below the floor of free space the least recently used go until it is restored",
    input([entry("a", "1-1", used(3)), entry("b", "1-1", used(2)), entry("c", "1-1", used(1))], {
      freeSpace: 85,
      limits: { minFreeBytes: 100 },
    }),
    ["free_space a-1-1", "free_space b-1-1"],
  ],
  [
    "for free space as well, what a database names goes last",
    input([
      entry("a", "1-1", { ...used(30), current: true }),
      entry("b", "1-1", used(2)),
      entry("c", "1-1", { ...used(40), current: null }),
    ], { freeSpace: 85, limits: { minFreeBytes: 100 } }),
    ["free_space b-1-1", "free_space c-1-1"],
  ],
  [
    "what the other rules free counts",
    input([entry("a", "1-1", used(90)), entry("b", "1-1", used(1))], {
      freeSpace: 95,
      limits: { maxCacheAgeMs: 10 * DAY, minFreeBytes: 100 },
    }),
    ["unused a-1-1"],
  ],
  [
    "exactly the floor is enough",
    input([entry("a", "1-1")], { freeSpace: 100, limits: { minFreeBytes: 100 } }),
    [],
  ],
  [
    "free space that is not known frees nothing",
    input([entry("a", "1-1")], { freeSpace: null, limits: { minFreeBytes: 100 } }),
    [],
  ],
  [
    "all rules in their order",
    input([
      entry("foo", "1-1", used(2)),
      entry("foo", "2-1", used(1)),
      entry("bar", "1-1", used(99)),
      entry("baz", "1-1", used(5)),
      entry("cur", "1-1", { ...used(80), current: true }),
      entry("cur2", "1-1", { ...used(70), current: true }),
    ], {
      freeSpace: 0,
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
  Deno.test(`retention: ${property}`, () => {
    assertEquals(victims(given), expected);
    assertEquals(victims({ ...given, entries: given.entries.toReversed() }), expected);
  });
}

Deno.test("retention: packages used at the same time go in one order, however they come", () => {
  const entries = [
    entry("b", "1-1"),
    entry("a", "1-1"),
    entry("a", "1-1", { directory: "aur/os/x86_64" }),
    entry("z", "1-1", { fetchedAt: NOW - 1 }),
  ];
  const expected = ["z-1-1", "a-1-1", "a-1-1", "b-1-1"].map((name) => `size ${name}`);
  for (const given of [entries, entries.toReversed()]) {
    const plan = planRetention(input(given, { limits: { maxCacheBytes: 1 } }));
    assertEquals(
      plan.victims.map(({ entry: { name, version }, reason }) => `${reason} ${name}-${version}`),
      expected,
    );
    assertEquals(plan.victims[1]!.entry.directory, "aur/os/x86_64");
  }
});

Deno.test("retention: what is freed and what is kept add up", () => {
  const plan = planRetention(
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

Deno.test("retention: a limit that protected files stand against is named, not an error", () => {
  const protectedFiles = [
    entry("a", "1-1", { pinned: true, bytes: 2048 }),
    entry("b", "1-1", { inFlight: true, bytes: 1024 }),
  ];
  const { victims, unmet } = planRetention(
    input([...protectedFiles, entry("c", "1-1")], {
      freeSpace: 0,
      limits: { maxCacheBytes: 1024, minFreeBytes: 4096 },
    }),
  );
  assertEquals(victims.map(({ entry }) => entry.name), ["c"]);
  for (const part of ["max_cache_size", "min_free_space", "2 KiB are pinned", "1 KiB in flight"]) {
    assertStringIncludes(unmet!, part);
  }
});

Deno.test("retention: every reason is told in words, with its figures and its key", () => {
  const whyOf = (given: RetentionInput<RetentionEntry>) => planRetention(given).victims[0]!.why;
  const stale = entry("foo", "1-1", used(30));
  const words = [
    [
      whyOf(input([stale], { limits: { keepVersions: 0 } })),
      "no database names it",
      "keep_versions",
    ],
    [
      whyOf(input([stale, entry("foo", "2-1"), entry("foo", "3-1")], {
        limits: { keepVersions: 2 },
      })),
      "2 newer such files of foo stay",
      "keep_versions",
    ],
    [
      whyOf(input([stale], { limits: { maxCacheAgeMs: 20 * DAY } })),
      "last used on 2026-09-01",
      "20d",
      "max_cache_age",
    ],
    [
      whyOf(input([stale], { totalBytes: 2048, limits: { maxCacheBytes: 1024 } })),
      "2 KiB",
      "1 KiB",
      "max_cache_size",
      "cache_low_water",
      "last used on 2026-09-01",
    ],
    [
      whyOf(input([{ ...stale, current: true }], {
        freeSpace: 1024,
        limits: { minFreeBytes: 2048 },
      })),
      "1 KiB free",
      "2 KiB",
      "min_free_space",
      "nothing that no database names is left",
    ],
  ];
  for (const [text, ...parts] of words) {
    for (const part of parts) assertStringIncludes(text!, part);
  }
});
