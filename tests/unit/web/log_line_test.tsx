import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { renderToString } from "preact-render-to-string";
import { madeVisible } from "../../../src/formats/text/characters.ts";
import { styledTexts } from "../../../src/web/pages/builds/ansi_text.ts";
import { LogText } from "../../../src/web/pages/builds/log_line.tsx";

const HOSTILE_LINE = fc.array(
  fc.oneof(
    fc.constantFrom(
      "\u001b[31m",
      "\u001b[1;38;5;9m",
      "\u001b[38;2;1;2;3m",
      "\u001b[",
      "\u001b",
      "\u001b]8;;javascript:alert(1)\u0007",
      "\u001b]0;title",
      "\u001b\\",
      "\u001b[2J",
      "\u009b31m",
      "<b>",
      '" class="x',
      "&amp;",
      "\u202e",
      "\b",
      "plain",
    ),
    fc.string({ unit: "binary", maxLength: 6 }),
  ),
  { maxLength: 25 },
).map((parts) => parts.join("").replaceAll("\n", " "));

Deno.test("a log line is nothing but text in spans with known classes", () => {
  fc.assert(fc.property(HOSTILE_LINE, (line) => {
    const html = renderToString(<LogText text={line} />);
    for (const [tag] of html.matchAll(/<[^>]*>/g)) {
      assert(/^<\/?span(?: class="(?:a-[a-z0-9]+ ?)+"| class="code-point")?>$/.test(tag), tag);
    }
    // deno-lint-ignore no-control-regex
    assert(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(html));
    const shown = html.replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"').replaceAll("&amp;", "&");
    assertEquals(shown, madeVisible(styledTexts(line).map(({ text }) => text).join("")));
  }));
});

Deno.test("a terminal's colours become classes, and all other control sequences are removed", () => {
  const line = "a\u001b[1;31mb\u001b[22mc\u001b[0md\u001b[2Je\u001b]8;;x\u0007f\u001b[97mg";
  assertEquals(styledTexts(line), [
    { text: "a", classes: "" },
    { text: "b", classes: "a-1 a-bold" },
    { text: "c", classes: "a-1" },
    { text: "d", classes: "" },
    { text: "e", classes: "" },
    { text: "f", classes: "" },
    { text: "g", classes: "" },
  ]);
  assertEquals(styledTexts("\u001b[38;2;9;9;9mx")[0], { text: "x", classes: "" });
  assertEquals(styledTexts("\u001b[38;5;2;4mx")[0], { text: "x", classes: "a-2 a-underlined" });
});

Deno.test("a line of nothing but control sequences takes little time", () => {
  for (const line of ["\u001b[", "\u001b]", "\u001b[3", "\u001b[31m"]) {
    // In quadratic time, this would take minutes.
    styledTexts(line.repeat(1e6));
  }
});
