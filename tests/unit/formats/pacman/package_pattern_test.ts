import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { matchesGlob, packageMatcher } from "../../../../src/formats/pacman/package_pattern.ts";

function file(name: string, version = "1.0-1") {
  return { name, fileName: `${name}-${version}-x86_64.pkg.tar.zst` };
}

Deno.test("a pattern is a package name, a glob of names, or a file name", async (t) => {
  const matches = packageMatcher([
    "linux",
    "nvidia-*",
    "python-?",
    "gcc-13.*-x86_64.pkg.tar.zst",
  ]);
  for (
    const [expected, subject] of [
      [true, file("linux")],
      [false, file("linux-lts")],
      [false, file("Linux")],
      [true, file("nvidia-utils")],
      [false, file("nvidia")],
      [true, file("python-x")],
      [false, file("python-xy")],
      [true, file("gcc", "13.2.1-3")],
      [false, file("gcc", "14.1.0-1")],
    ] as const
  ) {
    await t.step(subject.fileName, () => assertEquals(matches(subject), expected));
  }
});

Deno.test("a glob of names is not compared with file names", () => {
  assertEquals(packageMatcher(["linux-*"])(file("linux")), false);
});

Deno.test("an exact file name matches that version alone", () => {
  const matches = packageMatcher([file("gcc", "13.2.1-3").fileName]);
  assertEquals(matches(file("gcc", "13.2.1-3")), true);
  assertEquals(matches(file("gcc", "13.2.1-4")), false);
});

Deno.test("no pattern matches no package", () => {
  assertEquals(packageMatcher([])(file("linux")), false);
});

Deno.test("a character that is special in regular expressions matches itself", () => {
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

Deno.test("a glob with many stars is matched without exponential backtracking", () => {
  // With it, this would never end.
  assertEquals(matchesGlob("*a".repeat(60) + "b", "a".repeat(250)), false);
});
