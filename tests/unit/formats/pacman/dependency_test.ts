import { assertEquals } from "@std/assert";
import {
  isProvidedBy,
  isSatisfiedBy,
  parseDependency,
} from "../../../../src/formats/pacman/dependency.ts";

Deno.test("a dependency is a name, or a name with an operator and a version", async (t) => {
  for (
    const [text, name, operator, version] of [
      ["glibc", "glibc", null, null],
      ["linux-api-headers>=4.10", "linux-api-headers", ">=", "4.10"],
      ["libcrypto.so=3-64", "libcrypto.so", "=", "3-64"],
      ["foo<1:2.0-3", "foo", "<", "1:2.0-3"],
      ["foo<=2", "foo", "<=", "2"],
      ["foo>2", "foo", ">", "2"],
      ["lib32-c++", "lib32-c++", null, null],
      ["", "", null, null],
    ] as const
  ) {
    const constraint = operator === null ? null : { operator, version };
    await t.step(`"${text}"`, () => assertEquals(parseDependency(text), { name, constraint }));
  }
});

Deno.test("a version satisfies a constraint as pacman compares versions", async (t) => {
  for (
    const [text, version, satisfied] of [
      ["a", "1-1", true],
      ["b", "1-1", false],
      ["a=1", "1-7", true],
      ["a=1-2", "1-7", false],
      ["a>1", "1-7", false],
      ["a>=1", "1-7", true],
      ["a<1:0", "9-1", true],
      ["a<=8", "9-1", false],
    ] as const
  ) {
    await t.step(`${text} by ${version}`, () => {
      assertEquals(isSatisfiedBy(parseDependency(text), { name: "a", version }), satisfied);
    });
  }
});

Deno.test("a provision without a version satisfies no constraint", async (t) => {
  for (
    const [text, provided, satisfied] of [
      ["sh", "sh", true],
      ["sh", "sh=5", true],
      ["sh>=5", "sh", false],
      ["sh>=5", "sh=5.2", true],
      ["sh>=5", "bash=5.2", false],
      ["libx.so=1-64", "libx.so=1-64", true],
      ["libx.so=1-64", "libx.so=2-64", false],
    ] as const
  ) {
    const dependency = parseDependency(text);
    await t.step(`${text} by ${provided}`, () => {
      assertEquals(isProvidedBy(dependency, parseDependency(provided)), satisfied);
    });
  }
});
