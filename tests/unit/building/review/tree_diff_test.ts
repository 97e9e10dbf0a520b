import { assert, assertEquals } from "@std/assert";
import { applyPatch } from "diff";
import fc from "fast-check";
import { diffTrees } from "../../../../src/building/review/tree_diff.ts";
import { treeOf, type WrittenFile } from "../../../support/source_trees.ts";

async function diff(
  before: Record<string, WrittenFile> | null,
  after: Record<string, WrittenFile>,
): Promise<string[]> {
  return (await diffTrees(before && treeOf(before), treeOf(after))).map(({ text }) => text);
}

Deno.test("a changed file is shown with context, and an unchanged one is not", async () => {
  assertEquals(await diff({ a: "1\n2\n3\n", same: "x" }, { a: "1\ntwo\n3\n", same: "x" }), [
    "--- a/a",
    "+++ b/a",
    "@@ -1,3 +1,3 @@",
    " 1",
    "-2",
    "+two",
    " 3",
  ]);
});

Deno.test("without a previous tree, all files are new", async () => {
  assertEquals(await diff(null, { a: "1\n" }), [
    "--- /dev/null",
    "+++ b/a",
    "\\ Mode: none -> 100644 (file)",
    "@@ -0,0 +1,1 @@",
    "+1",
  ]);
});

Deno.test("a changed mode, a link and a missing final line feed are shown", async () => {
  assertEquals(await diff({ a: "1\n" }, { a: { mode: "100755", text: "1\n" } }), [
    "--- a/a",
    "+++ b/a",
    "\\ Mode: 100644 (file) -> 100755 (executable)",
  ]);
  assertEquals(await diff({ a: "1\n" }, { a: { mode: "120000", text: "/etc/passwd" } }), [
    "--- a/a",
    "+++ b/a",
    "\\ Mode: 100644 (file) -> 120000 (symbolic link)",
    "@@ -1,1 +1,1 @@",
    "-1",
    "+/etc/passwd",
    "\\ No newline at end of file",
  ]);
});

Deno.test("a renamed file is one difference, and a rename only in case is pointed out", async () => {
  assertEquals(await diff({ "a.patch": "1\n" }, { "A.patch": "1\n" }), [
    "--- a/a.patch",
    "+++ b/A.patch",
    "\\ Renamed; the names differ only in case.",
  ]);
});

Deno.test("a binary file is shown by its size and digest", async () => {
  const [, , line] = await diff({ a: { text: "\0", mode: "100644" } }, { a: { text: "\0\0" } });
  assert(line?.startsWith("\\ Not text: 100644, 1 bytes, SHA-256 "), line);
});

Deno.test("control characters and invisible characters are made visible", async () => {
  const lines = await diff({ a: "" }, { a: "x\x1b[2K\r\u202e\u200b\u00a0\u{e0041}\u00e9\ty\n" });
  assertEquals(lines.at(-1), "+x<U+001B>[2K<U+000D><U+202E><U+200B><U+00A0><U+E0041>\u00e9\ty");
});

Deno.test("a diff of any trees writes only text to a terminal", async () => {
  const file = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.record({
      mode: fc.constantFrom("120000" as const, "100755" as const),
      text: fc.string({ unit: "binary" }),
    }),
  );
  const tree = fc.dictionary(fc.string({ unit: "binary", minLength: 1 }), file, { maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(tree, tree, async (before, after) => {
      for (const line of await diff(before, after)) {
        assert(!/[\p{Cc}\p{Cf}]/u.test(line.replaceAll("\t", "")), line);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("long texts with nothing in common are shown in full", async () => {
  const text = (word: string) =>
    Array.from({ length: 9000 }, (_, index) => `${word}${index}`).join("\n");
  const lines = await diff({ a: text("x") }, { a: text("y") });
  assertEquals(lines.length, 2 + 1 + 18_000);
});

Deno.test("a changed line of a huge file is shown with its number and context", async () => {
  const lines = Array.from({ length: 300_000 }, (_, index) => `${index + 1}`);
  const before = lines.join("\n");
  lines[149_999] = "x";
  assertEquals(await diff({ a: before }, { a: lines.join("\n") }), [
    "--- a/a",
    "+++ b/a",
    "@@ -149997,7 +149997,7 @@",
    ...[" 149997", " 149998", " 149999", "-150000", "+x", " 150001", " 150002", " 150003"],
  ]);
});

Deno.test("removed lines do not crowd out added ones, and a long diff is cut off with a note", async () => {
  const shown = await diff({ a: "old\n".repeat(500_000) }, { a: "new\n".repeat(500_000) });
  assert(shown.includes("-old") && shown.includes("+new"));
  const only = await diff(null, { a: "\n".repeat(4_000_000) });
  assertEquals(only.at(-1), "\\ Too many lines were added to show all.");
  assert(only.length < 20_000);
});

Deno.test("a diff of any two texts, applied as a patch, turns one into the other", async () => {
  const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "\n", "c"), { maxLength: 12 })
    .map((lines) => lines.join(""));
  await fc.assert(fc.asyncProperty(text, text, async (before, after) => {
    const shown = (await diff({ a: before }, { a: after })).slice(2);
    const applied = applyPatch(before, ["--- a", "+++ a", ...shown, ""].join("\n"));
    assertEquals(before === after ? before : applied, after);
  }));
});
