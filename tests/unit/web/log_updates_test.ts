import { assertEquals } from "@std/assert";
import { READ_LOG_LINES, SHOW_BUILD } from "../../../src/api/builds.ts";
import { BUILD_LOG } from "../../../src/web/pages/builds/log.tsx";
import { Visit } from "../../../src/web/visit.ts";

Deno.test("an update of an open log reads its length, and not its lines again", async () => {
  for (const [isUpdate, expected] of [[false, "200"], [true, "1"]] as const) {
    const limits: unknown[] = [];
    const call = (endpoint: unknown, input: { limit?: string }) => {
      if (endpoint === SHOW_BUILD) {
        return Promise.resolve({ number: 7, package_base: "foo", version: "1-1", attempts: [] });
      }
      assertEquals(endpoint, READ_LOG_LINES);
      limits.push(input.limit);
      return Promise.resolve({ attempt: 1, total: 9, has_ended: false, from: 9, lines: ["x"] });
    };
    const url = new URL("http://stash/admin/builds/7/log");
    await BUILD_LOG.render(new Visit({ call } as never, url, { build: "7" }, { isUpdate }));
    assertEquals(limits, [expected]);
  }
});
