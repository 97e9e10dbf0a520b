import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { readDesc } from "../../../../src/formats/pacman/desc.ts";

/** Every value that is read, as `FIELD value`. */
function valuesOf(text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  const values: string[] = [];
  readDesc(bytes, (field, start, end) => {
    values.push(`${field} ${new TextDecoder().decode(bytes.subarray(start, end))}`);
  });
  return values;
}

const FIELDS = [
  "FILENAME",
  "CSIZE",
  "SHA256SUM",
  "PGPSIG",
  "BUILDDATE",
  "DEPENDS",
  "PROVIDES",
  "REPLACES",
] as const;

Deno.test("a desc yields its fields, and all lines of a list", () => {
  const text = "%FILENAME%\na.pkg.tar\n\n%NAME%\na\n\n%CSIZE%\n12\n\n" +
    "%DEPENDS%\nglibc>=2\nsh\n\n%REPLACES%\nold\n";
  assertEquals(valuesOf(text), [
    "FILENAME a.pkg.tar",
    "CSIZE 12",
    "DEPENDS glibc>=2",
    "DEPENDS sh",
    "REPLACES old",
  ]);
});

Deno.test("unknown fields are skipped with their values, and empty ones have none", () => {
  assertEquals(valuesOf("%NEW%\none\ntwo\n\n%__proto__%\nx\n\n%PGPSIG%\n\n%CSIZE%\n1"), [
    "CSIZE 1",
  ]);
  assertEquals(valuesOf(""), []);
  assertEquals(valuesOf("%FILENAME%"), []);
  assertEquals(valuesOf("\n\n%CSIZE%%\n1\n %CSIZE%\n2\n"), []);
});

Deno.test("what is written of a desc is read back, in its order", () => {
  const line = fc.string({ unit: "binary", minLength: 1, maxLength: 40 })
    .filter((line) => !line.includes("\n") && line.isWellFormed());
  const block = fc.record({ field: fc.constantFrom(...FIELDS), line });
  fc.assert(fc.property(fc.array(block), (blocks) => {
    const text = blocks.map(({ field, line }) => `%${field}%\n${line}\n\n`).join("");
    assertEquals(valuesOf(text), blocks.map(({ field, line }) => `${field} ${line}`));
  }));
});

Deno.test("any bytes parse as a desc, with values from within it", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.constantFrom(...FIELDS.map((field) => new TextEncoder().encode(`\n%${field}%\n`))),
  );
  fc.assert(fc.property(fc.array(piece), (pieces) => {
    const bytes = new Uint8Array(pieces.flatMap((piece) => [...piece]));
    let last = 0;
    readDesc(bytes, (_, start, end) => {
      assert(start >= last && end > start && end <= bytes.length);
      last = end;
    });
  }));
});
