import { assertEquals } from "@std/assert";
import { type Column, renderTable } from "../../../src/cli/table.ts";

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

Deno.test("foreign text can neither move the cursor nor start a new line", () => {
  const note = "\x1b[2J\r\nfine\u202e";
  assertEquals(
    renderTable([COLUMNS[2]], [{ name: "", size: 0, note }]),
    "NOTE\n\\u{001b}[2J\\u{000d}\\u{000a}fine\\u{202e}",
  );
});

Deno.test("a table that is too wide shortens cells, then drops columns in their order", () => {
  const columns: Column<{ file: string; rate: string; from: string }>[] = [
    { title: "RATE", align: "right", text: ({ rate }) => rate, yields: 1 },
    { title: "FILE", text: ({ file }) => file, shorten: (text, width) => text.slice(-width) },
    { title: "FROM", text: ({ from }) => from, yields: 2 },
  ];
  const rows = [{ file: "extra/os/x86_64/linux-1-1.pkg", rate: "1 MiB/s", from: "mirror.example" }];
  const lines = (width: number) => renderTable(columns, rows, undefined, width).split("\n");
  assertEquals(lines(54)[1], "1 MiB/s  extra/os/x86_64/linux-1-1.pkg  mirror.example");
  assertEquals(lines(53)[1], "1 MiB/s  xtra/os/x86_64/linux-1-1.pkg  mirror.example");
  assertEquals(lines(39)[1], "1 MiB/s  /linux-1-1.pkg  mirror.example");
  assertEquals(lines(38)[1], "1 MiB/s  extra/os/x86_64/linux-1-1.pkg");
  assertEquals(lines(23)[1], "1 MiB/s  /linux-1-1.pkg");
  assertEquals(lines(22)[1], "os/x86_64/linux-1-1.pkg".slice(-22));
  assertEquals(lines(5)[1], "/linux-1-1.pkg");
});
