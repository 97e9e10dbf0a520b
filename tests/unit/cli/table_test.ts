import { assertEquals } from "@std/assert";
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
