import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { diffTrees } from "../../../../src/building/review/tree_diff.ts";
import { treeOf, type WrittenFile } from "../../../support/source_trees.ts";

function diff(
  before: Record<string, WrittenFile> | null,
  after: Record<string, WrittenFile>,
): string[] {
  return diffTrees(before && treeOf(before), treeOf(after)).map(({ text }) => text);
}

Deno.test("a changed file is shown with its context, and one that is the same is not", () => {
  assertEquals(diff({ a: "1\n2\n3\n", same: "x" }, { a: "1\ntwo\n3\n", same: "x" }), [
    "--- a/a",
    "+++ b/a",
    "@@ -1,3 +1,3 @@",
    " 1",
    "-2",
    "+two",
    " 3",
  ]);
});

Deno.test("without a former tree all files are new", () => {
  assertEquals(diff(null, { a: "1\n" }), [
    "--- /dev/null",
    "+++ b/a",
    "\\ Mode: none -> 100644 (file)",
    "@@ -0,0 +1,1 @@",
    "+1",
  ]);
});

Deno.test("a mode, a link and a missing line feed at the end are shown", () => {
  assertEquals(diff({ a: "1\n" }, { a: { mode: "100755", text: "1\n" } }), [
    "--- a/a",
    "+++ b/a",
    "\\ Mode: 100644 (file) -> 100755 (executable)",
  ]);
  assertEquals(diff({ a: "1\n" }, { a: { mode: "120000", text: "/etc/passwd" } }), [
    "--- a/a",
    "+++ b/a",
    "\\ Mode: 100644 (file) -> 120000 (symbolic link)",
    "@@ -1,1 +1,1 @@",
    "-1",
    "+/etc/passwd",
    "\\ No newline at end of file",
  ]);
});

Deno.test("a renamed file is one difference, and a rename by case alone is pointed out", () => {
  assertEquals(diff({ "a.patch": "1\n" }, { "A.patch": "1\n" }), [
    "--- a/a.patch",
    "+++ b/A.patch",
    "\\ Renamed; only upper and lower case differ.",
  ]);
});

Deno.test("a file that is no text is shown by its size and digest", () => {
  const [, , line] = diff({ a: { text: "\0", mode: "100644" } }, { a: { text: "\0\0" } });
  assert(line?.startsWith("\\ Not a text: 100644, 1 bytes, SHA-256 "), line);
});

Deno.test("characters that a terminal or a reader would not show are visible", () => {
  const lines = diff({ a: "" }, { a: "x\x1b[2K\r\u202e\u200b\u00a0\u{e0041}\u00e9\ty\n" });
  assertEquals(lines.at(-1), "+x<U+001B>[2K<U+000D><U+202E><U+200B><U+00A0><U+E0041>\u00e9\ty");
});

Deno.test("no tree writes anything to a terminal but text", () => {
  const file = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.record({
      mode: fc.constantFrom("120000" as const, "100755" as const),
      text: fc.string({ unit: "binary" }),
    }),
  );
  const tree = fc.dictionary(fc.string({ unit: "binary", minLength: 1 }), file, { maxKeys: 4 });
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      for (const line of diff(before, after)) {
        assert(!/[\p{Cc}\p{Cf}]/u.test(line.replaceAll("\t", "")), line);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("texts that have nothing in common are shown without a long comparison", () => {
  const text = (word: string) =>
    Array.from({ length: 9000 }, (_, index) => `${word}${index}`).join("\n");
  const lines = diff({ a: text("x") }, { a: text("y") });
  assertEquals(lines.length, 2 + 1 + 18_000);
});
