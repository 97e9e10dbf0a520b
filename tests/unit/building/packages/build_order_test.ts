import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { buildOrder } from "../../../../src/building/packages/build_order.ts";

Deno.test("each package comes after its dependencies", () => {
  const { order, cycles } = buildOrder(
    new Map([["app", ["lib", "tool"]], ["lib", ["base"]], ["tool", ["lib"]], ["base", []]]),
  );
  assertEquals(order, ["base", "lib", "tool", "app"]);
  assertEquals(cycles, []);
});

Deno.test("cycles are reported, and all other packages stay in order", () => {
  const { order, cycles } = buildOrder(
    new Map([["a", ["b"]], ["b", ["c"]], ["c", ["a", "d"]], ["d", []], ["e", ["a"]], ["f", ["f"]]]),
  );
  assertEquals(order, ["d", "a", "b", "c", "e", "f"]);
  assertEquals(cycles, [["a", "b", "c"], ["f"]]);
});

Deno.test("dependencies that are not to be built are ignored", () => {
  assertEquals(buildOrder(new Map([["a", ["glibc"]]])), { order: ["a"], cycles: [] });
});

Deno.test("a very long chain is ordered", () => {
  const length = 20_000;
  const needs = new Map(
    Array.from({ length }, (_, at) => [`p${at}`, at + 1 < length ? [`p${at + 1}`] : []]),
  );
  assertEquals(buildOrder(needs).order[0], `p${length - 1}`);
});

Deno.test("any graph is ordered, each package once and after its dependencies unless they form a cycle", () => {
  const graph = fc.dictionary(
    fc.constantFrom(..."abcdefgh"),
    fc.array(fc.constantFrom(..."abcdefghxy"), { maxLength: 4 }),
  );
  fc.assert(fc.property(graph, (made) => {
    const needs = new Map(Object.entries(made));
    const { order, cycles } = buildOrder(needs);
    assertEquals([...order].sort(), [...needs.keys()].sort());
    for (const [name, wanted] of needs) {
      for (const need of wanted.filter((each) => needs.has(each))) {
        const isInCycle = cycles.some((cycle) => cycle.includes(name) && cycle.includes(need));
        assert(isInCycle || order.indexOf(need) < order.indexOf(name), `${name} needs ${need}`);
      }
    }
  }));
});
