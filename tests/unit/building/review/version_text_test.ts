import { assertEquals } from "@std/assert";
import {
  classifyHelper,
  faultOfPkgver,
  isJump,
  isPkgrel,
  versionlessText,
} from "../../../../src/building/review/version_text.ts";

Deno.test("a helper counts as a version, a pin or neither by its name and values", () => {
  const cases: readonly (readonly [string, string, string, string | null])[] = [
    ["_pkgver", "1.2-beta1", "1.3", "version"],
    ["_build", "bb35", "bb36-build2", "version"],
    ["_vername", "panda4-patch1", "quail1", "version"],
    ["_securityver", "9", "10", "version"],
    ["_prefix", "20251022.23-", "20251023.11-", "version"],
    ["_rc", "rc1", "", "version"],
    ["_commit", "a".repeat(39) + "1", "b".repeat(39) + "2", "pin"],
    ["_commit", "3f3d639", "bd4e25e", "pin"],
    ["_suffix", "18b5e4d1", "58d39e35", "pin"],
    ["_pkgver", "1234abc", "5678def", "pin"],
    ["_tag", "v1.2.3", "v1.2.4", "pin"],
    ["_tag", "master", "main", null],
    ["_owner", "1", "2", null],
    ["_url", "1", "2", null],
    ["_branch", "1.2", "1.3", null],
    ["_name", "foo1", "evil1", null],
    ["_electron", "electron33", "electron34", null],
    ["_build", "7", "8;id", null],
    ["_build", "7", "../8", null],
    ["version", "1", "2", null],
  ];
  for (const [name, before, after, expected] of cases) {
    assertEquals(classifyHelper(name, before, after), expected, `${name} ${before} ${after}`);
  }
});

Deno.test("a pkgver is valid only if it is safe in makepkg and in a URL", () => {
  for (
    const good of ["1", "1.2.3", "20260101", "r12.gabc1234", "1.0rc1", "v3", "1.2+3", "1.2~rc1"]
  ) {
    assertEquals(faultOfPkgver(good), null, good);
  }
  for (
    const bad of [
      "",
      "a",
      "1-2",
      "1:2",
      "1/2",
      "1 2",
      "1..2",
      ".1",
      ".z0",
      "_z0",
      "~rc1",
      "-1",
      "1\n",
      "1%41",
      "1@2",
      "1".repeat(81),
      "\uff11",
    ]
  ) {
    assertEquals(typeof faultOfPkgver(bad), "string", bad);
  }
});

Deno.test("a pkgrel is one or two numbers", () => {
  assertEquals(["1", "12", "1.1", "0"].map(isPkgrel), [true, true, true, true]);
  assertEquals(["", "1.", "a", "1.1.1", "1e9", "0x1", "-1"].map(isPkgrel), Array(7).fill(false));
});

Deno.test("a version jumps if one number is far above any plausible successor", () => {
  for (const [from, to] of [["1.2-1", "9999-1"], ["1.2-1", "1.99999-1"], ["2-1", "20991231-1"]]) {
    assertEquals(isJump(from!, to!), true, to);
  }
  for (
    const [from, to] of [["1.2-1", "2.0-1"], ["20260101-1", "20270101-1"], ["99-1", "100-1"], [
      "4.0.8-1",
      "4.0.9.1874-1",
    ], ["1:5-1", "1:6-1"]]
  ) {
    assertEquals(isJump(from!, to!), false, to);
  }
});

Deno.test("a path segment without its versions is the same in every version", () => {
  const same = [
    ["v1.2.3", "v1.2.4"],
    ["jdk-21.0.8+9", "jdk-21.0.10+7"],
    ["foo-1.0rc1", "foo-1.0"],
    ["1.0a", "1.0"],
    ["abcdef12", "12abcdef"],
    ["bb35", "bb36-build2"],
  ];
  for (const [one, other] of same) {
    assertEquals(versionlessText(one!), versionlessText(other!), one);
  }
  const different = [["foo1", "evil1"], ["archive", "releases"], ["v1", "evil"]];
  for (const [one, other] of different) {
    assertEquals(versionlessText(one!) === versionlessText(other!), false, one);
  }
});
