import { assertEquals } from "@std/assert";
import type { Job } from "../../../../src/api/builder.ts";
import { needsOf } from "../../../../src/builder/steps/needs.ts";

const SRCINFO = `pkgbase = foo
	pkgver = 1
	pkgrel = 1
	arch = x86_64
	makedepends = cmake
	checkdepends = python
	depends = glibc
	depends_x86_64 = lib32-glibc
	depends_aarch64 = other
	validpgpkeys = 0123456789ABCDEF0123456789ABCDEF01234567

pkgname = foo
	depends = foo-lib
	depends = bar>=2

pkgname = foo-lib
`;

const SETTINGS = { check: true, packages: ["extra"] } as unknown as Job["settings"];

Deno.test("a build needs the dependencies of its base and packages for its architecture, but not itself", () => {
  const needs = needsOf(SRCINFO, { architecture: "x86_64", settings: SETTINGS });
  assertEquals(needs.dependencies.toSorted(), [
    "bar>=2",
    "cmake",
    "extra",
    "glibc",
    "lib32-glibc",
    "python",
  ]);
  assertEquals(needs.validKeys, ["0123456789ABCDEF0123456789ABCDEF01234567"]);
});

Deno.test("without check(), checkdepends are not needed", () => {
  const settings = { ...SETTINGS, check: false };
  const { dependencies } = needsOf(SRCINFO, { architecture: "x86_64", settings });
  assertEquals(dependencies.includes("python"), false);
});
