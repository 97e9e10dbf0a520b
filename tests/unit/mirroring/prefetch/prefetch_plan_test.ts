import { assertEquals } from "@std/assert";
import { type Case, DAY, entry, leftAlone, NOW, plan, wanted } from "./plan_cases.ts";

/** What a case wants and what it leaves alone. */
function check(cases: Record<string, [Case, string[], string[]?]>): void {
  for (const [name, [input, expected, alone = []]] of Object.entries(cases)) {
    const result = plan(input);
    assertEquals(wanted(result), expected, name);
    assertEquals(leftAlone(result), alone, name);
  }
}

Deno.test("the database says which version of a cached package is wanted", () => {
  const after = { core: [entry("a 2-1"), entry("b 1-1")] };
  const isNew = ["core/a-2-1: new_version of a"];
  check({
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
      after: { core: [entry("a 2-1", { sha256sum: "bb" })] },
      cached: ["core/a 2-1 aa"],
    }, isNew],
    "the very same": [{
      after: { core: [entry("a 2-1", { sha256sum: "bb" })] },
      cached: ["core/a 2-1 bb"],
    }, []],
    "content not known": [{
      after: { core: [entry("a 2-1", { sha256sum: "bb" })] },
      cached: ["core/a 2-1"],
    }, []],
    "of another upstream": [{ after, cached: ["other/a 1-1"] }, []],
    "-debug packages are packages": [
      { after: { core: [entry("a-debug 2-1")] }, cached: ["core/a-debug 1-1"] },
      ["core/a-debug-2-1: new_version of a-debug"],
    ],
    "a file that no client is given": [{
      before: { core: [entry("a 1-1")] },
      after: { core: [entry("a 2-1", { fileName: "a.pkg.tar.zst" })] },
      cached: ["core/a 1-1"],
    }, []],
  });
});

Deno.test("a package is followed where it moves to", () => {
  check({
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

Deno.test("a package that is gone is followed to those that replace its version", () => {
  const replacing = (...replaces: string[]) => ({ core: [entry("new 5-1", { replaces })] });
  const isWanted = ["core/new-5-1: replaces of old"];
  const cached = ["core/old 1-1", "core/old 2-1"];
  check({
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
    "not what is cached": [{ after: replacing("old"), cached: [...cached, "core/new 5-1"] }, []],
  });
});

Deno.test("a dependency that the version before had not is wanted as well", () => {
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
  check({
    "by name": [depending([], ["lib"]), [a, lib]],
    "with a constraint": [depending([], ["lib>=7"]), [a, lib]],
    "not with one that nothing satisfies": [depending([], ["lib>=8"]), [a]],
    "by what is provided": [depending([], ["virtual"]), [a, lib]],
    "by soname": [depending([], ["libx.so=7-64"]), [a, lib]],
    "by an older soname": [
      depending([], ["libx.so=6-64"]),
      [a, "core/other-1-1: new_dependency of a"],
    ],
    "not one it had": [depending(["lib"], ["lib"]), [a]],
    "not for another constraint": [depending(["lib>=6"], ["lib>=7"]), [a]],
    "not one that is cached": [depending([], ["lib"], { cached: ["core/a 1-1", "core/lib 7-1"] }), [
      a,
    ]],
    "not one that nobody has": [depending([], ["nothing"]), [a]],
    "not when the database before is not known": [
      { after: depending([], ["lib"]).after, cached: ["core/a 1-1"] },
      [a],
    ],
    "when a client was faster with the new version": [
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
    "of a package that replaces": [
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

Deno.test("a new dependency brings what it needs itself, but not what was needed before", () => {
  const base = [
    entry("glibc 1-1", { depends: ["filesystem"] }),
    entry("filesystem 1-1"),
    entry("x 1-1", { depends: ["y", "glibc"] }),
    entry("y 1-1", { depends: ["x", "filesystem", "z"] }),
    entry("z 1-1"),
  ];
  check({
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
      // x is new to a; all that x needs, whoever has b has already.
      [
        "core/a-2-1: new_version of a",
        "core/x-1-1: new_dependency of a",
      ],
    ],
  });
});

Deno.test("a chain of new dependencies has an end", () => {
  const chain = Array.from(
    { length: 1000 },
    (_, index) => entry(`link${index} 1-1`, { depends: [`link${index + 1}`] }),
  );
  const result = plan({
    before: { core: [entry("a 1-1")] },
    after: { core: [entry("a 2-1", { depends: ["link0"] }), ...chain] },
    cached: ["core/a 1-1"],
  });
  assertEquals(result.wanted.length, 101);
});

Deno.test("what was wanted before stays wanted while it is depended on or asked for", () => {
  const packages = [entry("lib 8-1"), entry("a 2-1", { depends: ["lib"] })];
  const databases = { before: { core: packages }, after: { core: packages } };
  const lib = "core/lib-8-1: new_dependency of a";
  const never = { "core/lib": { askedAt: null } };
  check({
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
    "not what is cached by now": [
      { ...databases, cached: ["core/a 2-1", "core/lib 8-1"], pending: ["core/lib 8-1"] },
      [],
    ],
    "not what no database names": [
      { ...databases, cached: ["core/a 2-1"], pending: ["core/gone 1-1"] },
      [],
    ],
    "a package that clients ask for": [
      { ...databases, pending: ["core/lib 8-1"] },
      ["core/lib-8-1: new_version of lib"],
    ],
  });
});

Deno.test("packages are left alone that nobody wants or that are too large", () => {
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
  const large = { after: { core: [entry("a 2-1", { compressedSize: 1001 })] } };
  check({
    "asked for in time": [history(NOW - 30 * DAY), a],
    "not asked for in time": [history(NOW - 30 * DAY - 1), [], ["core/a: idle"]],
    "never asked for, cached of late": [history(null), a],
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
    "up to date and idle is nothing to speak of": [
      { ...history(0), cached: ["core/a 2-1"] },
      [],
    ],
  });
});

Deno.test("history follows a package that is renamed or moves", () => {
  const limits = { prefetchMaxIdleMs: 30 * DAY, prefetchMaxUnused: 3 };
  const never = { askedAt: null };
  check({
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

Deno.test("the dependencies of what is left alone are too, unless it is only too large", () => {
  const input = (more: Partial<Case>): Case => ({
    before: { core: [entry("a 1-1"), entry("lib 1-1")] },
    after: {
      core: [entry("a 2-1", { depends: ["lib"], compressedSize: 5000 }), entry("lib 1-1")],
    },
    cached: ["core/a 1-1"],
    ...more,
  });
  const lib = "core/lib-1-1: new_dependency of a";
  check({
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
    "a dependency whose versions nobody takes": [
      input({
        limits: { prefetchMaxUnused: 2 },
        histories: { "core/lib": { askedAt: null, unusedPrefetches: 2 } },
      }),
      ["core/a-2-1: new_version of a"],
      ["core/lib: unused"],
    ],
  });
});

Deno.test("a package stays pending though another repository's of that name is cached", () => {
  const { wanted } = plan({
    after: { core: [entry("a 1-1")], extra: [entry("a 1-1")] },
    cached: ["extra/a 1-1"],
    pending: ["core/a 1-1"],
  });
  assertEquals(wanted.map(({ directory }) => directory), ["core"]);
});

Deno.test("a wish says when its package was asked for and how large it is", () => {
  const { wanted: [wish] } = plan({
    after: { core: [entry("a 2-1", { compressedSize: 77 })] },
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
