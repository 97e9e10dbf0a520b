import { assertEquals, assertNotEquals } from "@std/assert";
import { judge } from "../../../../src/building/review/judge.ts";
import { treeOf } from "../../../support/source_trees.ts";
import { HONEST_CASES } from "./honest_cases.ts";
import { HOSTILE_CASES } from "./hostile_cases.ts";
import { ACCEPTED, BUMPED } from "./made_source.ts";

Deno.test("a new literal version with its checksums, helper and .SRCINFO is a bump", () => {
  const { verdict, facts } = judge(treeOf(ACCEPTED), treeOf(BUMPED));
  assertEquals([verdict, facts.filter((fact) => fact.class !== "value")], ["bump", []]);
});

Deno.test("no hostile change counts as a version bump", async (t) => {
  for (const { name, before = ACCEPTED, after } of HOSTILE_CASES) {
    await t.step(name, () => {
      const { verdict, facts } = judge(treeOf(before), treeOf(after));
      assertNotEquals(verdict, "bump", JSON.stringify(facts, null, 1));
      if (name.includes("here-document")) assertEquals(verdict, "review");
    });
  }
});

Deno.test("every honest change counts as a version bump", async (t) => {
  for (const { name, before, after } of HONEST_CASES) {
    await t.step(name, () => {
      const { verdict, facts } = judge(treeOf(before), treeOf(after));
      const held = facts.filter((fact) => fact.class !== "value");
      assertEquals([verdict, held], ["bump", []]);
    });
  }
});
