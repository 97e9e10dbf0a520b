import { assertEquals } from "@std/assert";
import { APPROVE, LIST_APPROVALS } from "../../../src/api/approvals.ts";
import { READ_BUILD_LOG } from "../../../src/api/builds.ts";
import type { Endpoint } from "../../../src/api/endpoint.ts";
import { LIST_EVENTS } from "../../../src/api/events.ts";
import { Visit } from "../../../src/web/visit.ts";

/** A visit, and the endpoints that it calls. */
function visitWith(): { visit: Visit; called: Endpoint[] } {
  const called: Endpoint[] = [];
  const call = (endpoint: Endpoint) => {
    called.push(endpoint);
    return Promise.resolve({});
  };
  const visit = new Visit({ call } as never, new URL("http://stash/admin/"), {});
  return { visit, called };
}

Deno.test("a page reads the same data only once, even in parallel", async () => {
  const { visit, called } = visitWith();
  const [one, other] = await Promise.all([visit.call(LIST_APPROVALS), visit.call(LIST_APPROVALS)]);
  assertEquals(one === other, true);
  await visit.call(LIST_APPROVALS);
  assertEquals(called, [LIST_APPROVALS]);
});

Deno.test("a call with other input, or whose response can be read only once, is made again", async () => {
  const { visit, called } = visitWith();
  for (const limit of ["1", "2"]) await visit.call(LIST_EVENTS, { limit });
  for (let i = 0; i < 2; i++) await visit.call(READ_BUILD_LOG, { build: "1" });
  assertEquals(called, [LIST_EVENTS, LIST_EVENTS, READ_BUILD_LOG, READ_BUILD_LOG]);
});

Deno.test("everything is read again after a change", async () => {
  const { visit, called } = visitWith();
  await visit.call(LIST_APPROVALS);
  await visit.call(APPROVE, { id: "0123456789abcdef", body: {} });
  await visit.call(LIST_APPROVALS);
  assertEquals(called, [LIST_APPROVALS, APPROVE, LIST_APPROVALS]);
});
