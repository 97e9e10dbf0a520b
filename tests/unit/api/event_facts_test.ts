import { assertEquals } from "@std/assert";
import { factsOf } from "../../../src/api/event_facts.ts";

const CHANGE = { kind: "added", name: "foo", architecture: "any", from: null, to: "1.0-1" };

Deno.test("the facts of an event are text: lists as their members, objects as their values", () => {
  const details = {
    repository: "mine",
    generation: 2,
    changes: [CHANGE, { ...CHANGE, name: "bar" }],
    debug: { repository: "mine-debug", generation: null },
    builds: [7, 7],
  };
  assertEquals(factsOf({ details }), [
    ["repository", "mine"],
    ["generation", "2"],
    ["changes", "added foo any 1.0-1, added bar any 1.0-1"],
    ["debug", "mine-debug"],
    ["builds", "7"],
  ]);
});
