import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LIMIT, MAX_LIMIT, pageOf } from "../../../src/api/paging.ts";

const keyOf = (each: string) => each;

Deno.test("pages one after the other are the whole list, even if members come and go meanwhile", () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }));
  fc.assert(
    fc.property(names, names, fc.integer({ min: 1, max: 5 }), (stay, change, limit) => {
      const staying = stay.filter((each) => !change.includes(each));
      const lists = [staying, [...staying, ...change]].map((each) => each.toSorted());
      const seen: string[] = [];
      let after: string | null = "";
      for (let asked = 0; after !== null; asked++) {
        const answered: ReturnType<typeof pageOf<string>> = pageOf(lists[asked % 2]!, {
          ...{ limit, after, keyOf },
        });
        assert(answered.page.length <= limit);
        seen.push(...answered.page);
        after = answered.next;
      }
      assertEquals(seen.filter((each) => staying.includes(each)), staying.toSorted());
      assertEquals(seen, [...new Set(seen)].sort());
    }),
  );
});

Deno.test("a page is the last one if nothing follows", () => {
  assertEquals(pageOf([], { limit: 2, after: "", keyOf }), { page: [], next: null });
  assertEquals(pageOf(["a", "b"], { limit: 2, after: "", keyOf }), {
    page: ["a", "b"],
    next: null,
  });
  assertEquals(pageOf(["a", "b"], { limit: 1, after: "", keyOf }), { page: ["a"], next: "a" });
  assertEquals(pageOf(["a", "b"], { limit: 1, after: "z", keyOf }), { page: [], next: null });
});

Deno.test("a page has 50 members by default, and never more than 1000", () => {
  assertEquals([LIMIT.parse(undefined), LIMIT.parse("7"), LIMIT.parse("5000")], [50, 7, MAX_LIMIT]);
});
