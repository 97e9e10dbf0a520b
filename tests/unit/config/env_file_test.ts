import { assert, assertEquals } from "@std/assert";
import { parseEnvFile } from "../../../src/config/env_file.ts";

Deno.test("an env_file has KEY=VALUE lines, comments and quotes", () => {
  const { values, faults } = parseEnvFile([
    "# a comment",
    "; another",
    "",
    "PKGSTASH_TOKEN=s3cret",
    "  SPACED=x",
    `DOUBLE="a \\"b\\" \\\\ c"`,
    "SINGLE='a \"b\" \\ c'",
    "HASH=a#b",
    "EQUALS=a=b",
    "EMPTY=",
    "CRLF=y\r",
  ].join("\n"));
  assertEquals(faults, []);
  assertEquals(Object.fromEntries(values), {
    PKGSTASH_TOKEN: "s3cret",
    SPACED: "x",
    DOUBLE: 'a "b" \\ c',
    SINGLE: 'a "b" \\ c',
    HASH: "a#b",
    EQUALS: "a=b",
    EMPTY: "",
    CRLF: "y",
  });
});

Deno.test("a bad line of an env_file is reported by its number, without its text", () => {
  const { faults } = parseEnvFile('A=1\nhunter2\nB="hunter2\n1C=hunter2\n');
  assertEquals(faults.map(({ found }) => /line (\d)/.exec(found)?.[1]), ["2", "3", "4"]);
  assert(!JSON.stringify(faults).includes("hunter2"));
});
