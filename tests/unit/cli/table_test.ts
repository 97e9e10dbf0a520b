import { assertEquals } from "@std/assert";
import { barText, bytesText, countText, durationText } from "../../../src/cli/quantity.ts";
import { renderTable } from "../../../src/cli/table.ts";

interface Row {
  name: string;
  size: number;
  note: string;
}

const COLUMNS = [
  { title: "NAME", text: ({ name }: Row) => name, paint: (text: string) => `<${text}>` },
  { title: "SIZE", align: "right", text: ({ size }: Row) => String(size) },
  { title: "NOTE", text: ({ note }: Row) => note },
] as const;

Deno.test("a column is as wide as its widest cell, without colours, and numbers align right", () => {
  const rows = [{ name: "a", size: 5, note: "x" }, { name: "longer", size: 12345, note: "a b" }];
  assertEquals(renderTable(COLUMNS, rows, (text) => `*${text}*`).split("\n"), [
    "*NAME     SIZE  NOTE*",
    "<a     >      5  x",
    "<longer>  12345  a b",
  ]);
  assertEquals(renderTable(COLUMNS, []), "NAME  SIZE  NOTE");
});

Deno.test("text from elsewhere cannot move the cursor or start a new line", () => {
  const note = "\x1b[2J\r\nfine\u202e";
  assertEquals(
    renderTable([COLUMNS[2]], [{ name: "", size: 0, note }]),
    "NOTE\n\\u{001b}[2J\\u{000d}\\u{000a}fine\\u{202e}",
  );
});

Deno.test("a quantity is shown in the largest unit that fits", () => {
  assertEquals([0, 1023, 1024, 1587, 1024 ** 2 - 1, 5 * 1024 ** 3].map(bytesText), [
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "1 MiB",
    "5 GiB",
  ]);
  assertEquals(
    [0, 999, 1_000, 61_000, 3_600_000, 90_061_000].map(durationText),
    ["0 ms", "999 ms", "1 s", "1 min 1 s", "1 h", "1 d 1 h"],
  );
  assertEquals([0, 1, 2].map((count) => countText(count, "file")), [
    "0 files",
    "1 file",
    "2 files",
  ]);
  assertEquals([0, 0.5, 1, 7, -1].map((part) => barText(part, 6)), [
    "[----]",
    "[##--]",
    "[####]",
    "[####]",
    "[----]",
  ]);
});
