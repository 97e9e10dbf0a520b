import { assertEquals, assertMatch } from "@std/assert";
import type { ClientDetails } from "../../../src/api/clients.ts";
import { missReasons } from "../../../src/web/pages/clients/miss_notice.tsx";

const COUNTS = {
  hit: 10,
  miss: 90,
  join: 0,
  stale: 0,
  direct: 0,
  not_modified: 0,
  not_found: 0,
  refused: 0,
  error: 0,
};

const SYNC = { repository: "core/os/x86_64", synced_at: "", database_dated: null };

function client(changes: Partial<ClientDetails> = {}): ClientDetails {
  return {
    address: "192.0.2.1",
    agent: "pacman/7.1.0 (Linux x86_64) libalpm/16.0.1",
    pacman_version: "7.1.0",
    requests: COUNTS,
    hit_ratio: 0.1,
    syncs: [{ ...SYNC, is_current: true }],
    ...changes,
  } as ClientDetails;
}

const OTHERS = [client(), client({ address: "192.0.2.2" })];

Deno.test("a client's many misses are explained by what sets it apart from the others", () => {
  const first = (changes: Partial<ClientDetails>, others = OTHERS) =>
    missReasons(client(changes), others)[0] ?? "";
  assertMatch(first({ agent: "pacman/7.1.0 (Linux aarch64)" }), /only client for aarch64/);
  assertMatch(first({ syncs: [] }), /no database here/);
  assertMatch(first({ syncs: [{ ...SYNC, is_current: false }] }), /older than those here/);
  assertMatch(first({ requests: { ...COUNTS, not_found: 100 } }), /50 % of its requests/);
  assertMatch(first({ agent: "curl/8.16.0", pacman_version: null }), /not pacman/);
  assertMatch(first({}, []), /only client/);
  assertMatch(first({}), /requests files first: 90 requests of 100/);
});

Deno.test("a client with many hits or few requests gets no explanation", () => {
  assertEquals(missReasons(client({ hit_ratio: 0.5 }), OTHERS), []);
  assertEquals(missReasons(client({ requests: { ...COUNTS, hit: 1, miss: 9 } }), OTHERS), []);
});
