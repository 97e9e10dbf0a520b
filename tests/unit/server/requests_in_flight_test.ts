import { assertEquals } from "@std/assert";
import { RequestsInFlight } from "../../../src/server/requests_in_flight.ts";

const LIMITS = { maxRequests: 3, maxClientRequests: 2 };

/** Begins a request that must be allowed; returns what ends it. */
function allowed(requests: RequestsInFlight, address: string, limits = LIMITS): () => void {
  const begun = requests.begin(address, limits);
  if (typeof begun === "string") throw new Error(`refused: ${begun}`);
  return begun;
}

Deno.test("each client and all clients have a limit of requests at once", () => {
  const requests = new RequestsInFlight();
  const end = allowed(requests, "192.0.2.1");
  allowed(requests, "192.0.2.1");
  assertEquals(requests.begin("192.0.2.1", LIMITS), "client");
  allowed(requests, "192.0.2.2");
  assertEquals(requests.begin("192.0.2.3", LIMITS), "all");
  end();
  end();
  allowed(requests, "192.0.2.3");
  assertEquals(requests.begin("192.0.2.2", LIMITS), "all");
});

Deno.test("addresses of one IPv6 network are one client", () => {
  const requests = new RequestsInFlight();
  for (const host of [1, 2]) allowed(requests, `2001:db8::${host}`);
  assertEquals(requests.begin("2001:db8::3", LIMITS), "client");
  allowed(requests, "2001:db8:0:1::3");
});

Deno.test("0 is no limit", () => {
  const requests = new RequestsInFlight();
  for (let count = 0; count < 5000; count++) {
    allowed(requests, "192.0.2.1", { maxRequests: 0, maxClientRequests: 0 });
  }
});
