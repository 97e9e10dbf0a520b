import { assertEquals } from "@std/assert";
import type { Context } from "../../../src/server/context.ts";
import { createHandler } from "../../../src/server/handler.ts";
import { LogLines } from "../../support/log_lines.ts";

Deno.test("a request that cannot be recorded is still answered", async () => {
  const log = new LogLines();
  const handler = createHandler({} as Context);
  const info = {
    remoteAddr: { transport: "tcp" as const, hostname: "127.0.0.1", port: 1 },
    get completed(): Promise<void> {
      throw new TypeError("the connection is gone");
    },
  };
  const response = await handler(new Request("http://host/healthz"), info);
  await response.body?.cancel();
  await log.waitFor(/cannot record a request/);
  assertEquals(log.matching(/cannot record a request.*the connection is gone/).length, 1);
});
