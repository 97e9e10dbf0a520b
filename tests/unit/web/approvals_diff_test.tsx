import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { renderToString } from "preact-render-to-string";
import { diffTrees } from "../../../src/building/review/tree_diff.ts";
import { madeVisible } from "../../../src/formats/text/characters.ts";
import { changedWords } from "../../../src/web/pages/approvals/changed_words.ts";
import { filesOfDiff } from "../../../src/web/pages/approvals/diff_files.ts";
import { CodeText, DiffView } from "../../../src/web/pages/approvals/diff_view.tsx";
import { segmentsOf } from "../../../src/web/pages/approvals/marked_line.ts";
import { shellTokens } from "../../../src/web/pages/approvals/shell_tokens.ts";
import { treeOf } from "../../support/source_trees.ts";

/** Texts that try to break out of where they are shown. */
const HOSTILE_TEXT = fc.array(
  fc.oneof(
    fc.constantFrom(
      "<script>",
      "</code>",
      '" onclick="x',
      "&lt;",
      "'",
      "`",
      "\u202e",
      "\u0007",
      "\u001b[31m",
      "$(",
      "${x}",
      "# ",
      "\n",
      "=(",
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  ),
  { maxLength: 30 },
).map((parts) => parts.join(""));

const LINE = HOSTILE_TEXT.map((text) => text.replaceAll("\n", " "));

/** The text that a reader of HTML sees. */
function textIn(html: string): string {
  return html.replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

Deno.test("a line of code shows exactly its text, in no elements but span and ins", () => {
  fc.assert(fc.property(LINE, LINE, (before, after) => {
    const text = madeVisible(after);
    const { after: changed } = changedWords(madeVisible(before), text);
    const html = renderToString(<CodeText text={text} isCode changed={changed} />);
    assertEquals(textIn(html), text);
    for (const [tag] of html.matchAll(/<[^>]*>/g)) {
      assert(/^<\/?(?:span|ins)(?: class="(?:t-[a-z]+|code-point)")?>$/.test(tag), tag);
    }
  }));
});

Deno.test("the words that are not marked as changed are the same in both lines", () => {
  fc.assert(fc.property(LINE, LINE, (before, after) => {
    const words = changedWords(before, after);
    const rest = (text: string, spans: readonly (readonly [number, number])[]) =>
      segmentsOf([{ text, kind: null }], spans).filter(({ isChanged }) => !isChanged)
        .map(({ text }) => text).join("");
    if (words.before.length + words.after.length > 0) {
      assertEquals(rest(before, words.before), rest(after, words.after));
    }
  }));
});

Deno.test("shell tokens join to their line, and no line takes long to split", () => {
  fc.assert(fc.property(LINE, (line) => {
    assertEquals(shellTokens(line).map(({ text }) => text).join(""), line);
  }));
  for (
    const slow of [" ".repeat(1e6), "a ".repeat(500), "1.".repeat(500), `"${"\\".repeat(998)}`]
  ) {
    // With backtracking, this would never end.
    shellTokens(slow);
  }
});

Deno.test("the lines of a diff have their line numbers in the files", async () => {
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  await fc.assert(fc.asyncProperty(
    fc.array(fc.constantFrom("a", "b", "c", "-", "+", "@@"), { maxLength: 40 }),
    fc.array(fc.constantFrom("a", "b", "c", "-", "+", "@@"), { maxLength: 40 }),
    async (old, now) => {
      const diff = await diffTrees(treeOf({ x: text(old) }), treeOf({ x: text(now) }));
      for (const { hunks } of filesOfDiff([...diff])) {
        for (const block of hunks.flatMap(({ blocks }) => blocks)) {
          if (block.kind === "note") continue;
          for (const { number, text } of block.before) assertEquals(old[number - 1], text);
          for (const { number, text } of block.after) assertEquals(now[number - 1], text);
        }
      }
    },
  ));
});

Deno.test("a diff of hostile files shows nothing but text", async () => {
  await fc.assert(
    fc.asyncProperty(HOSTILE_TEXT, HOSTILE_TEXT, HOSTILE_TEXT, async (name, old, now) => {
      const path = `${name.replaceAll("\0", "")}.install`;
      const diff = await diffTrees(
        treeOf({ PKGBUILD: old, [path]: old }),
        treeOf({ PKGBUILD: now, [path]: now }),
      );
      const files = filesOfDiff([...diff]);
      const html = renderToString(
        <DiffView
          files={files}
          tree="0"
          base="x"
          fileHref={(path, side) => `/admin/file?${new URLSearchParams({ path, side })}`}
        />,
      );
      const bare = html.replace(/<script defer src="\/admin\/assets\/[^"]*"><\/script>/, "")
        .replace(/="[^"]*"/g, "");
      assert(
        !/<(?!\/?(?:viewed-files|p|details|summary|span|a|label|input|div|code|ins|del)\b)/
          .test(bare),
      );
      assert(!/<[^>]*\son/i.test(bare), "has a handler");
      // deno-lint-ignore no-control-regex
      assert(!/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/.test(html));
    }),
    { numRuns: 50 },
  );
});
