import { assertEquals } from "@std/assert";
import { receivedBy, viaOf } from "../../../../src/formats/http/via.ts";

Deno.test("Via names those that a message has passed, without protocols and comments", async (t) => {
  for (
    const [via, names] of [
      [null, []],
      ["", []],
      ["1.1 a", ["a"]],
      ["1.0 fred, 1.1 p.example.net", ["fred", "p.example.net"]],
      ["HTTP/2 a:8080 (nginx, of course),1.1  b", ["a:8080", "b"]],
      ["nonsense, , 1.1", []],
    ] as const
  ) {
    await t.step(String(via), () => assertEquals(receivedBy(via), [...names]));
  }
});

Deno.test("a Via header that was written is read back", () => {
  assertEquals(viaOf(["a", "b"]), "1.1 a, 1.1 b");
  assertEquals(receivedBy(viaOf(["a", "b"])), ["a", "b"]);
});
