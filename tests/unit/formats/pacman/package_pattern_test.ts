import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { matchesGlob, matchesPackage } from "../../../../src/formats/pacman/package_pattern.ts";

function file(name: string, version = "1.0-1") {
  return { name, fileName: `${name}-${version}-x86_64.pkg.tar.zst` };
}

Deno.test("a pattern is a package name, a file name, or a glob of either", async (t) => {
  const exactFile = file("gcc", "13.2.1-3").fileName;
  for (
    const [pattern, subject, expected] of [
      ["linux", file("linux"), true],
      ["linux", file("linux-lts"), false],
      ["linux", file("Linux"), false],
      ["nvidia-*", file("nvidia-utils"), true],
      ["nvidia-*", file("nvidia"), false],
      ["python-?", file("python-x"), true],
      ["python-?", file("python-xy"), false],
      ["gcc-13.*-x86_64.pkg.tar.zst", file("gcc", "13.2.1-3"), true],
      ["gcc-13.*-x86_64.pkg.tar.zst", file("gcc", "14.1.0-1"), false],
      [exactFile, file("gcc", "13.2.1-3"), true],
      [exactFile, file("gcc", "13.2.1-4"), false],
    ] as const
  ) {
    await t.step(`${pattern} and ${subject.fileName}`, () => {
      assertEquals(matchesPackage(pattern, subject), expected);
    });
  }
});

Deno.test("a glob of package names is not compared with file names", () => {
  assertEquals(matchesPackage("linux-*", file("linux")), false);
});

Deno.test("characters that are special in regular expressions stand for themselves", () => {
  assertEquals(matchesGlob("libstdc++?", "libstdc++5"), true);
  assertEquals(matchesGlob("a.c*", "abc"), false);
});

Deno.test("a glob matches what the equivalent regular expression matches", () => {
  const glob = fc.stringMatching(/^[ab*?]{0,8}$/);
  fc.assert(fc.property(glob, fc.stringMatching(/^[ab]{0,12}$/), (pattern, text) => {
    const expression = pattern.replaceAll("*", ".*").replaceAll("?", ".");
    assertEquals(matchesGlob(pattern, text), new RegExp(`^${expression}$`).test(text));
  }));
});

Deno.test("a glob of many stars is matched without exponential backtracking", () => {
  const before = performance.now();
  assertEquals(matchesGlob("*a".repeat(60) + "b", "a".repeat(250)), false);
  assert(performance.now() - before < 1000);
});
