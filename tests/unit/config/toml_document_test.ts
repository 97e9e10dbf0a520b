import { assertEquals, assertMatch } from "@std/assert";
import { parseToml } from "../../../src/config/toml_document.ts";

Deno.test("a byte order mark and CRLF are accepted", () => {
  assertEquals(parseToml("\ufeffport = 1\r\nlist = [\r\n  'a',\r\n]\r\n"), {
    table: { port: 1, list: ["a"] },
    faults: [],
  });
});

Deno.test("a key repeated in one table is a fault, in two tables it is not", () => {
  const text = "port = 1\n[a]\nport = 2\n[b]\nport = 3\nport = 4 # again\n";
  assertEquals(parseToml(text).faults, [
    { found: "port in line 5 and again in line 6", expected: "it once" },
  ]);
});

Deno.test("text that is not TOML is one fault, which names the line", () => {
  const { table, faults } = parseToml('port "8080"\n');
  assertEquals(table, {});
  assertEquals(faults.length, 1);
  assertMatch(faults[0]!.found, /line 1/);
});
