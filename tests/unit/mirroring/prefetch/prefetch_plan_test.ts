import { assertEquals } from "@std/assert";
import { type Case, DAY, entry, NOW, plan, skipped, wanted } from "./plan_cases.ts";

/** Checks cases by name: the input, what its plan wants, and what it skips. */
async function check(
  t: Deno.TestContext,
  cases: Record<string, [Case, string[], string[]?]>,
): Promise<void> {
  for (const [name, [input, expected, expectedSkipped = []]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const result = await plan(input);
      assertEquals(wanted(result), expected);
      assertEquals(skipped(result), expectedSkipped);
    });
  }
}

Deno.test("the version in the database is wanted of a cached package", async (t) => {
  const after = { core: [entry("a 2-1"), entry("b 1-1")] };
  const isNew = ["core/a-2-1: new_version of a"];
  await check(t, {
    "newer": [{ after, cached: ["core/a 1-1"] }, isNew],
    "older": [{ after, cached: ["core/a 3-1"] }, isNew],
    "cached beside newer and older ones": [
      { after, cached: ["core/a 1-1", "core/a 2-1", "core/a 3-1"] },
      [],
    ],
    "nothing cached": [{ after }, []],
    "same version, another file": [{
      after: { core: [entry("a 2-1", { fileName: "a-2-1-x86_64.pkg.tar.zst" })] },
      cached: ["core/a 2-1"],
    }, ["core/a-2-1-x86_64.pkg.tar.zst: new_version of a"]],
    "rebuilt under the same name": [{
      after: { core: [entry("a 2-1", { sha256: "bb" })] },
      cached: ["core/a 2-1 aa"],
    }, isNew],
    "the very same": [{
      after: { core: [entry("a 2-1", { sha256: "bb" })] },
      cached: ["core/a 2-1 bb"],
    }, []],
    "content not known": [{
      after: { core: [entry("a 2-1", { sha256: "bb" })] },
      cached: ["core/a 2-1"],
    }, []],
    "of another upstream": [{ after, cached: ["other/a 1-1"] }, []],
    "-debug packages are packages": [
      { after: { core: [entry("a-debug 2-1")] }, cached: ["core/a-debug 1-1"] },
      ["core/a-debug-2-1: new_version of a-debug"],
    ],
    "a file name that pkgstash does not serve": [{
      before: { core: [entry("a 1-1")] },
      after: { core: [entry("a 2-1", { fileName: "a.pkg.tar.zst" })] },
      cached: ["core/a 1-1"],
    }, []],
  });
});

Deno.test("a package that moved to another repository is wanted from there", async (t) => {
  await check(t, {
    "with a new version": [
      { after: { core: [], extra: [entry("a 2-1")] }, cached: ["core/a 1-1"] },
      ["extra/a-2-1: new_version of a"],
    ],
    "as it is": [
      { after: { core: [], extra: [entry("a 1-1")] }, cached: ["core/a 1-1"] },
      [],
    ],
    "not while it is still where it was": [
      { after: { testing: [entry("a 2-1")], core: [entry("a 1-1")] }, cached: ["core/a 1-1"] },
      [],
    ],
    "each where it is cached": [
      {
        after: { testing: [entry("a 3-1")], core: [entry("a 2-1")] },
        cached: ["core/a 1-1", "testing/a 2-1"],
      },
      ["core/a-2-1: new_version of a", "testing/a-3-1: new_version of a"],
    ],
  });
});

Deno.test("the replacements of a removed package are wanted", async (t) => {
  const replacing = (...replaces: string[]) => ({ core: [entry("new 5-1", { replaces })] });
  const isWanted = ["core/new-5-1: replaces of old"];
  const cached = ["core/old 1-1", "core/old 2-1"];
  await check(t, {
    "any version": [{ after: replacing("old"), cached }, isWanted],
    "the newest cached version": [{ after: replacing("old>=2"), cached }, isWanted],
    "not a version": [{ after: replacing("old<2"), cached }, [], ["core/old: removed"]],
    "not another name": [{ after: replacing("olden"), cached }, [], ["core/old: removed"]],
    "from another repository": [
      { after: { core: [], extra: [entry("new 5-1", { replaces: ["old"] })] }, cached },
      ["extra/new-5-1: replaces of old"],
    ],
    "all of them": [
      {
        after: {
          core: [entry("x 1-1", { replaces: ["old"] }), entry("y 1-1", { replaces: ["old"] })],
        },
        cached,
      },
      ["core/x-1-1: replaces of old", "core/y-1-1: replaces of old"],
    ],
    "not while it is still there": [
      { after: { core: [...replacing("old").core, entry("old 2-1")] }, cached },
      [],
    ],
    "not one that is cached": [
      { after: replacing("old"), cached: [...cached, "core/new 5-1"] },
      [],
    ],
  });
});

Deno.test("a dependency that the previous version did not have is wanted", async (t) => {
  const packages = [
    entry("lib 7-1", { provides: ["libx.so=7-64", "virtual"] }),
    entry("other 1-1", { provides: ["libx.so=6-64"] }),
  ];
  const depending = (before: string[], after: string[], more: Partial<Case> = {}): Case => ({
    before: { core: [entry("a 1-1", { depends: before }), ...packages] },
    after: { core: [entry("a 2-1", { depends: after }), ...packages] },
    cached: ["core/a 1-1"],
    ...more,
  });
  const a = "core/a-2-1: new_version of a";
  const lib = "core/lib-7-1: new_dependency of a";
  await check(t, {
    "by name": [depending([], ["lib"]), [a, lib]],
    "with a constraint": [depending([], ["lib>=7"]), [a, lib]],
    "not with one that nothing satisfies": [depending([], ["lib>=8"]), [a]],
    "by what is provided": [depending([], ["virtual"]), [a, lib]],
    "by soname": [depending([], ["libx.so=7-64"]), [a, lib]],
    "by an older soname": [
      depending([], ["libx.so=6-64"]),
      [a, "core/other-1-1: new_dependency of a"],
    ],
    "not one that the previous version had": [depending(["lib"], ["lib"]), [a]],
    "not for another constraint": [depending(["lib>=6"], ["lib>=7"]), [a]],
    "not one that is cached": [depending([], ["lib"], { cached: ["core/a 1-1", "core/lib 7-1"] }), [
      a,
    ]],
    "not one that is in no database": [depending([], ["nothing"]), [a]],
    "not when the previous database is unknown": [
      { after: depending([], ["lib"]).after, cached: ["core/a 1-1"] },
      [a],
    ],
    "when a client has already fetched the new version": [
      depending([], ["lib"], { cached: ["core/a 2-1"] }),
      [lib],
    ],
    "from another repository": [
      {
        before: { core: [entry("a 1-1")], extra: [] },
        after: { core: [entry("a 2-1", { depends: ["far"] })], extra: [entry("far 1-1")] },
        cached: ["core/a 1-1"],
      },
      [a, "extra/far-1-1: new_dependency of a"],
    ],
    "of a replacement": [
      {
        before: { core: [entry("a 1-1", { depends: ["other"] }), ...packages] },
        after: {
          core: [entry("b 1-1", { replaces: ["a"], depends: ["other", "lib"] }), ...packages],
        },
        cached: ["core/a 1-1"],
      },
      ["core/b-1-1: replaces of a", lib],
    ],
  });
});

Deno.test("the dependencies of a new dependency are wanted unless they are installed already", async (t) => {
  const base = [
    entry("glibc 1-1", { depends: ["filesystem"] }),
    entry("filesystem 1-1"),
    entry("x 1-1", { depends: ["y", "glibc"] }),
    entry("y 1-1", { depends: ["x", "filesystem", "z"] }),
    entry("z 1-1"),
  ];
  await check(t, {
    "the chain": [
      {
        before: { core: [entry("a 1-1", { depends: ["glibc"] }), ...base] },
        after: { core: [entry("a 2-1", { depends: ["glibc", "x"] }), ...base] },
        cached: ["core/a 1-1"],
      },
      [
        "core/a-2-1: new_version of a",
        "core/x-1-1: new_dependency of a",
        "core/y-1-1: new_dependency of a",
        "core/z-1-1: new_dependency of a",
      ],
    ],
    "not what another cached package needs": [
      {
        before: { core: [entry("a 1-1"), entry("b 1-1", { depends: ["y"] }), ...base] },
        after: {
          core: [entry("a 2-1", { depends: ["x"] }), entry("b 1-1", { depends: ["y"] }), ...base],
        },
        cached: ["core/a 1-1", "core/b 1-1"],
      },
      // x is new to a, and clients that have b have everything that x depends on.
      [
        "core/a-2-1: new_version of a",
        "core/x-1-1: new_dependency of a",
      ],
    ],
  });
});

Deno.test("a chain of new dependencies is limited", async () => {
  const chain = Array.from(
    { length: 1000 },
    (_, index) => entry(`link${index} 1-1`, { depends: [`link${index + 1}`] }),
  );
  const result = await plan({
    before: { core: [entry("a 1-1")] },
    after: { core: [entry("a 2-1", { depends: ["link0"] }), ...chain] },
    cached: ["core/a 1-1"],
  });
  assertEquals(result.wanted.length, 101);
});

Deno.test("a pending file stays wanted while a package depends on it or clients ask for it", async (t) => {
  const packages = [entry("lib 8-1"), entry("a 2-1", { depends: ["lib"] })];
  const databases = { before: { core: packages }, after: { core: packages } };
  const lib = "core/lib-8-1: new_dependency of a";
  const never = { "core/lib": { askedAt: null } };
  await check(t, {
    "the dependency of a cached package": [
      { ...databases, cached: ["core/a 2-1"], pending: ["core/lib 8-1"], histories: never },
      [lib],
    ],
    "under the name that it has now": [
      { ...databases, cached: ["core/a 2-1"], pending: ["core/lib 7-1"], histories: never },
      [lib],
    ],
    "not of a package that is not cached": [
      { ...databases, pending: ["core/lib 8-1"], histories: never },
      [],
    ],
    "not a package that has been cached since": [
      { ...databases, cached: ["core/a 2-1", "core/lib 8-1"], pending: ["core/lib 8-1"] },
      [],
    ],
    "not a package that is no longer in any database": [
      { ...databases, cached: ["core/a 2-1"], pending: ["core/gone 1-1"] },
      [],
    ],
    "a package that clients ask for": [
      { ...databases, pending: ["core/lib 8-1"] },
      ["core/lib-8-1: new_version of lib"],
    ],
  });
});

Deno.test("a package that clients stopped using, or that is too large, is skipped", async (t) => {
  const limits = {
    prefetchMaxIdleMs: 30 * DAY,
    prefetchMaxUnused: 3,
    prefetchMaxPackageBytes: 1000,
  };
  const history = (askedAt: number | null, unusedPrefetches = 0) => ({
    after: { core: [entry("a 2-1")] },
    cached: ["core/a 1-1"],
    histories: { "core/a": { askedAt, unusedPrefetches } },
    limits,
  });
  const a = ["core/a-2-1: new_version of a"];
  const large = { after: { core: [entry("a 2-1", { size: 1001 })] } };
  await check(t, {
    "asked for in time": [history(NOW - 30 * DAY), a],
    "not asked for in time": [history(NOW - 30 * DAY - 1), [], ["core/a: idle"]],
    "never asked for, cached recently": [history(null), a],
    "never asked for, cached long ago": [
      { ...history(null), fetchedAt: NOW - 31 * DAY },
      [],
      ["core/a: idle"],
    ],
    "no limit of time": [{ ...history(0), limits: { ...limits, prefetchMaxIdleMs: 0 } }, a],
    "taken now and then": [history(NOW, 2), a],
    "not taken any more": [history(NOW, 3), [], ["core/a: unused"]],
    "no limit of versions": [
      { ...history(NOW, 99), limits: { ...limits, prefetchMaxUnused: 0 } },
      a,
    ],
    "too large": [{ ...history(NOW), ...large }, [], ["core/a: too_large"]],
    "no limit of size": [
      { ...history(NOW), ...large, limits: { ...limits, prefetchMaxPackageBytes: 0 } },
      a,
    ],
    "up to date, however idle": [
      { ...history(0), cached: ["core/a 2-1"] },
      [],
    ],
  });
});

Deno.test("the history of a package follows it when it is renamed or moves", async (t) => {
  const limits = { prefetchMaxIdleMs: 30 * DAY, prefetchMaxUnused: 3 };
  const never = { askedAt: null };
  await check(t, {
    "renamed, asked for by its old name": [{
      after: { core: [entry("b 2-1", { replaces: ["a"] })] },
      cached: ["core/a 1-1"],
      histories: { "core/b": never },
      fetchedAt: 0,
      limits,
    }, ["core/b-2-1: replaces of a"]],
    "renamed, and not taken by its new name": [
      {
        after: { core: [entry("b 2-1", { replaces: ["a"] })] },
        cached: ["core/a 1-1", "core/b 1-1"],
        histories: { "core/b": { askedAt: null, unusedPrefetches: 3 } },
        limits,
      },
      [],
      ["core/b: unused"],
    ],
    "moved, and not taken from there": [
      {
        after: { core: [], extra: [entry("a 2-1")] },
        cached: ["core/a 1-1"],
        histories: { "extra/a": { askedAt: null, unusedPrefetches: 3 } },
        limits,
      },
      [],
      ["extra/a: unused"],
    ],
  });
});

Deno.test("the dependencies of a skipped package are skipped, unless it is only too large", async (t) => {
  const input = (more: Partial<Case>): Case => ({
    before: { core: [entry("a 1-1"), entry("lib 1-1")] },
    after: {
      core: [entry("a 2-1", { depends: ["lib"], size: 5000 }), entry("lib 1-1")],
    },
    cached: ["core/a 1-1"],
    ...more,
  });
  const lib = "core/lib-1-1: new_dependency of a";
  await check(t, {
    "idle": [
      input({ limits: { prefetchMaxIdleMs: DAY }, histories: { "core/a": { askedAt: 0 } } }),
      [],
      ["core/a: idle"],
    ],
    "too large": [
      input({ limits: { prefetchMaxPackageBytes: 1000 } }),
      [lib],
      ["core/a: too_large"],
    ],
    "a dependency that is too large itself": [
      input({ limits: { prefetchMaxPackageBytes: 999 } }),
      [],
      ["core/a: too_large", "core/lib: too_large"],
    ],
    "a dependency whose versions no client takes": [
      input({
        limits: { prefetchMaxUnused: 2 },
        histories: { "core/lib": { askedAt: null, unusedPrefetches: 2 } },
      }),
      ["core/a-2-1: new_version of a"],
      ["core/lib: unused"],
    ],
  });
});

Deno.test("a package stays pending when one of the same name is cached from another repository", async () => {
  const { wanted } = await plan({
    after: { core: [entry("a 1-1")], extra: [entry("a 1-1")] },
    cached: ["extra/a 1-1"],
    pending: ["core/a 1-1"],
  });
  assertEquals(wanted.map(({ directory }) => directory), ["core"]);
});

Deno.test("a wish tells when its package was asked for and how large it is", async () => {
  const { wanted: [wish] } = await plan({
    after: { core: [entry("a 2-1", { size: 77 })] },
    cached: ["core/a 1-1"],
    histories: { "core/a": { askedAt: 5 * DAY } },
  });
  assertEquals(wish, {
    directory: "core",
    fileName: "a-2-1-any.pkg.tar.zst",
    reason: "new_version",
    of: "a",
    askedAt: 5 * DAY,
    size: 77,
  });
});
