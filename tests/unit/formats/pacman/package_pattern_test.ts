import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { matchesGlob, Pins } from "../../../../src/formats/pacman/package_pattern.ts";

function file(name: string, version = "1.0-1") {
  return { name, fileName: `${name}-${version}-x86_64.pkg.tar.zst` };
}

Deno.test("a pin is a package's name, a glob of names, or a file name", () => {
  const pins = new Pins(["linux", "nvidia-*", "python-?", "gcc-13.*-x86_64.pkg.tar.zst"]);
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
    assertEquals(pins.has(subject), expected, subject.fileName);
  }
});

Deno.test("a glob of names is not compared with file names", () => {
  assertEquals(new Pins(["linux-*"]).has(file("linux")), false);
});

Deno.test("an exact file name pins that version alone", () => {
  const pins = new Pins([file("gcc", "13.2.1-3").fileName]);
  assertEquals([pins.has(file("gcc", "13.2.1-3")), pins.has(file("gcc", "13.2.1-4"))], [
    true,
    false,
  ]);
});

Deno.test("signs with a meaning in regular expressions stand for themselves", () => {
  assertEquals(matchesGlob("libstdc++?", "libstdc++5"), true);
  assertEquals(matchesGlob("a.c*", "abc"), false);
});

Deno.test("globs match what the equal regular expression matches", () => {
  const glob = fc.stringMatching(/^[ab*?]{0,8}$/);
  fc.assert(fc.property(glob, fc.stringMatching(/^[ab]{0,12}$/), (pattern, text) => {
    const expression = pattern.replaceAll("*", ".*").replaceAll("?", ".");
    assertEquals(matchesGlob(pattern, text), new RegExp(`^${expression}$`).test(text));
  }));
});

Deno.test("a glob of many stars is matched in no time", () => {
  const before = performance.now();
  assertEquals(matchesGlob("*a".repeat(60) + "b", "a".repeat(250)), false);
  assertEquals(performance.now() - before < 1000, true);
});
