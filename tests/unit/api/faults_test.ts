import { assertEquals } from "@std/assert";
import { z } from "zod";
import { faultsOf } from "../../../src/api/faults.ts";

const SCHEMA = z.strictObject({
  size: z.int().min(0).max(9).optional(),
  level: z.enum(["low", "high"]).optional(),
  names: z.array(z.object({ name: z.string().regex(/^a/, "must begin with a") })).optional(),
});

Deno.test("a fault names the member, what is expected and what was found", async (t) => {
  const long = "x".repeat(100);
  const table: [unknown, string[]][] = [
    [{ size: 3, level: "low", names: [{ name: "a" }] }, []],
    [null, ["the body must be an object, not null"]],
    [{ size: 1.5 }, ["size must be a whole number, not 1.5"]],
    [{ size: -1 }, ["size must be at least 0, not -1"]],
    [{ size: 10 }, ["size must be at most 9, not 10"]],
    [{ level: [] }, ["level must be one of low, high, not an array"]],
    [{ level: long }, [`level must be one of low, high, not "${"x".repeat(59)}...`]],
    [{ names: [{ name: "a" }, {}] }, ["names[1].name is missing"]],
    [{ names: [{ name: "b" }] }, ['names[0].name must begin with a, not "b"']],
    [{ sise: 3, size: "3" }, [
      'size must be a number, not "3"',
      'the body has no member "sise"',
    ]],
  ];
  for (const [value, expected] of table) {
    await t.step(JSON.stringify(value).slice(0, 60), () => {
      assertEquals(faultsOf(SCHEMA, value, "the body"), expected);
    });
  }
});
