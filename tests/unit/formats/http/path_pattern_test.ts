import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { pathMatcher } from "../../../../src/formats/http/path_pattern.ts";

Deno.test("a star stays within its segment, two stars cross segments", async (t) => {
  const table: [pattern: string, path: string, matches: boolean][] = [
    ["lastsync", "lastsync", true],
    ["lastsync", "lastsync/x", false],
    ["lastsync", "x/lastsync", false],
    ["iso/*", "iso/a", true],
    ["iso/*", "iso", false],
    ["iso/*", "iso/a/b", false],
    ["iso/*/a", "iso/x/a", true],
    ["iso/**", "iso/a/b", true],
    ["iso/**", "iso", true],
    ["iso/**", "isolation/a", false],
    ["**", "a/b/c", true],
    ["**/b", "a/b", true],
    ["**/b", "b", true],
    ["a/**/b", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["a/**/b", "a/x/y/c", false],
    ["*.iso", "a.iso", true],
    ["*.iso", "a.iso.sig", false],
    ["*a*a", "aa", true],
    ["*a*a", "a", false],
    ["ab*ba", "aba", false],
    ["a*b*c", "axbxxc", true],
    ["a.c", "abc", false],
    ["a+b", "a+b", true],
  ];
  for (const [pattern, path, expected] of table) {
    await t.step(`${pattern} ${path}`, () => assertEquals(pathMatcher(pattern)(path), expected));
  }
});

Deno.test("a pattern matches what a regular expression of it does", () => {
  const segment = fc.array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join("").replaceAll(/\*+/g, "*"));
  const pattern = fc.array(fc.oneof(segment, fc.constant("**")), { minLength: 1, maxLength: 5 });
  const path = fc.array(fc.stringMatching(/^[ab]{1,4}$/), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(pattern, path, (parts, segments) => {
    const source = parts.map((part) =>
      part === "**" ? "(?:[^/]+/)*" : `${part.replaceAll("*", "[^/]*")}/`
    ).join("");
    const expected = new RegExp(`^${source}$`).test(`${segments.join("/")}/`);
    assertEquals(pathMatcher(parts.join("/"))(segments.join("/")), expected);
  }));
});

Deno.test("no pattern takes long", () => {
  const matches = pathMatcher(Array(100).fill("**/*a*a*a*").join("/"));
  assertEquals(matches(Array(100).fill("a".repeat(100)).concat("b").join("/")), false);
});
