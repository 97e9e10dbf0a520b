import { assertEquals } from "@std/assert";
import { Leases } from "../../../src/repositories/leases.ts";
import type { Snapshot } from "../../../src/repositories/snapshot.ts";

const KEY = "core/os/x86_64/db";
const snapshot = (generation: string) => Promise.resolve({ generation } as Snapshot);
const at = (hostname: string, port: number | null) => ({ hostname, port });

async function generationOf(leases: Leases, ...args: Parameters<Leases["of"]>) {
  return (await leases.of(...args))?.generation ?? null;
}

Deno.test("a connection has the lease of the database that was sent on it", async () => {
  const leases = new Leases();
  leases.grant(at("192.0.2.1", 1), KEY, snapshot("old"));
  leases.grant(at("192.0.2.1", 2), KEY, snapshot("new"));
  assertEquals(await generationOf(leases, at("192.0.2.1", 1), KEY), "old");
  assertEquals(await generationOf(leases, at("192.0.2.1", 2), KEY), "new");
});

Deno.test("another connection of an address has the lease of the newest database sent there", async () => {
  const leases = new Leases();
  leases.grant(at("192.0.2.1", 1), KEY, snapshot("old"));
  leases.grant(at("192.0.2.1", null), KEY, snapshot("new"));
  assertEquals(await generationOf(leases, at("192.0.2.1", 3), KEY), "new");
  assertEquals(await generationOf(leases, at("192.0.2.1", null), KEY), "new");
  assertEquals(await generationOf(leases, at("192.0.2.2", 1), KEY), null);
  assertEquals(await generationOf(leases, at("192.0.2.1", 1), "extra/os/x86_64/db"), null);
});

Deno.test("indistinguishable clients share no lease", async () => {
  const leases = new Leases();
  leases.grant(at("unknown", null), KEY, snapshot("one"));
  assertEquals(await generationOf(leases, at("unknown", null), KEY), null);
});

Deno.test("a lease outlasts a slow download, and ends before the files of its snapshot", async () => {
  let now = 0;
  const leases = new Leases(() => now);
  leases.grant(at("192.0.2.1", 1), KEY, snapshot("one"));
  now = 8 * 60_000;
  assertEquals(await generationOf(leases, at("192.0.2.1", 1), KEY), "one");
  now = 10 * 60_000;
  assertEquals(await generationOf(leases, at("192.0.2.1", 1), KEY), null);
});

Deno.test("the number of leases is limited, and the latest are kept", async () => {
  const leases = new Leases(() => 0);
  for (let port = 1; port <= 20_000; port++) {
    leases.grant({ hostname: `192.0.2.${port % 200}`, port }, "core/db", snapshot(`${port}`));
  }
  assertEquals(
    (await leases.of({ hostname: "192.0.2.0", port: 20_000 }, "core/db"))?.generation,
    "20000",
  );
  assertEquals(
    (await leases.of({ hostname: "192.0.2.1", port: 1 }, "core/db"))?.generation,
    "19801",
  );
});
