import { setImmediate } from "node:timers";
import { assertEquals } from "@std/assert";
import { RequestsInFlight } from "../../../src/server/requests_in_flight.ts";

const LIMITS = { maxRequests: 3, maxClientRequests: 2 };

/** Begins a request that must be allowed; returns what ends it. */
async function allowed(
  requests: RequestsInFlight,
  address: string,
  limits = LIMITS,
): Promise<() => void> {
  const begun = await requests.admit(address, limits);
  if (typeof begun === "string") throw new Error(`refused: ${begun}`);
  return begun;
}

Deno.test("each client and all clients have a limit of requests at once", async () => {
  const requests = new RequestsInFlight();
  const end = await allowed(requests, "192.0.2.1");
  await allowed(requests, "192.0.2.1");
  assertEquals(await requests.admit("192.0.2.1", LIMITS), "client");
  await allowed(requests, "192.0.2.2");
  assertEquals(await requests.admit("192.0.2.3", LIMITS), "all");
  end();
  end();
  await allowed(requests, "192.0.2.3");
  assertEquals(await requests.admit("192.0.2.2", LIMITS), "all");
});

Deno.test("addresses of one IPv6 network are one client", async () => {
  const requests = new RequestsInFlight();
  for (const host of [1, 2]) await allowed(requests, `2001:db8::${host}`);
  assertEquals(await requests.admit("2001:db8::3", LIMITS), "client");
  await allowed(requests, "2001:db8:0:1::3");
});

Deno.test("0 is no limit", async () => {
  const requests = new RequestsInFlight();
  for (let count = 0; count < 5000; count++) {
    await allowed(requests, "192.0.2.1", { maxRequests: 0, maxClientRequests: 0 });
  }
});

Deno.test("a request whose end becomes known in the next turn of the event loop is over", async () => {
  const requests = new RequestsInFlight();
  const limits = { maxRequests: 1, maxClientRequests: 0 };
  const end = await allowed(requests, "192.0.2.1", limits);
  setImmediate(end);
  await allowed(requests, "192.0.2.1", limits);
});

Deno.test("the end of one request leaves the others of its client in flight", async () => {
  const requests = new RequestsInFlight();
  const end = await allowed(requests, "192.0.2.1");
  await allowed(requests, "192.0.2.1");
  end();
  await allowed(requests, "192.0.2.1");
  assertEquals(await requests.admit("192.0.2.1", LIMITS), "client");
});
