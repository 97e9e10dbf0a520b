import { assertEquals } from "@std/assert";
import type { Context } from "../../../src/server/context.ts";
import { createHandler } from "../../../src/server/handler.ts";
import { LogLines } from "../../support/log_lines.ts";

Deno.test("a request that cannot be recorded is answered all the same", async () => {
  const log = new LogLines();
  const handler = createHandler({} as Context);
  const info = {
    get remoteAddr(): Deno.NetAddr {
      throw new TypeError("the connection is gone");
    },
    completed: Promise.resolve(),
  };
  const response = await handler(new Request("http://host/healthz"), info);
  await response.body?.cancel();
  await log.waitFor(/cannot record a request/);
  assertEquals(log.matching(/cannot record a request.*the connection is gone/).length, 1);
});
