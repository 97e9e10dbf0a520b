import { assertEquals } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { jsonBody } from "../../../../src/server/api/json_body.ts";

const items = Array.from({ length: 5000 }, (_, index) => ({ name: `ä${index}`, none: undefined }));

Deno.test("a long array is written as JSON.stringify writes it", async () => {
  for (
    const value of [
      { items, bytes: 7, none: undefined, nested: { items: [1] }, empty: [] },
      { none: undefined, items: items.slice(0, 1001) },
      { items: items.slice(0, 500) },
      { a: null },
      {},
    ]
  ) assertEquals(await new Response(jsonBody(value)).text(), JSON.stringify(value));
});

Deno.test("other work proceeds while a long array is written", async () => {
  let turns = 0;
  let isDone = false;
  const counting = (async () => {
    while (!isDone) {
      await setImmediate();
      turns++;
    }
  })();
  await new Response(jsonBody({ items })).text();
  isDone = true;
  await counting;
  assertEquals(turns >= items.length / 500, true, `${turns}`);
});
