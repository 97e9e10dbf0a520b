import { assertEquals } from "@std/assert";
import { isVersionedLibrary, libraryOf } from "../../../../src/formats/pacman/library.ts";

Deno.test("a library is found behind each form in which makepkg writes its version", () => {
  const cases: [string, string | null][] = [
    ["libfoo.so=5-64", "libfoo.so"],
    ["libfoo.so=5.2-32", "libfoo.so"],
    ["lib:libfoo.so.5", "lib:libfoo.so"],
    ["lib32:libfoo.so.5.2", "lib32:libfoo.so"],
    ["lib:libfoo-1.2.so.0", "lib:libfoo-1.2.so"],
    ["lib:libfoo.so", "lib:libfoo.so"],
    // Its version is a part of its name.
    ["lib:libfoo-5.so", "lib:libfoo-5.so"],
    ["libfoo.so", null],
    ["libfoo.so=5", "libfoo.so"],
    ["glibc>=2.40", null],
    ["foo", null],
    ["pc:foo.pc", null],
    ["lib:libfoo.so.5=1", null],
    ["lib:a b.so.5", null],
  ];
  for (const [relation, library] of cases) assertEquals(libraryOf(relation), library, relation);
});

Deno.test("a library without the version of its ABI is no reason for a rebuild", () => {
  assertEquals(isVersionedLibrary("libfoo.so=5-64"), true);
  assertEquals(isVersionedLibrary("lib:libfoo.so.5"), true);
  assertEquals(isVersionedLibrary("lib:libfoo.so"), false);
  assertEquals(isVersionedLibrary("libfoo.so"), false);
});
