import { assertEquals } from "@std/assert";
import { OpenStreams } from "../../../../src/server/admin/open_streams.ts";

Deno.test("there are 32 streams at most, and none after the end", () => {
  const streams = new OpenStreams();
  let ended = 0;
  const removals = Array.from({ length: 32 }, () => streams.add(() => ended++));
  assertEquals(streams.add(() => ended++), null);
  removals[3]?.();
  assertEquals(streams.count, 31);
  assertEquals(typeof streams.add(() => ended++), "function");
  streams.close();
  assertEquals([ended, streams.count], [32, 0]);
  assertEquals(streams.add(() => {}), null);
});
