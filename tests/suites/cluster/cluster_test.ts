// Several nodes behind the example configurations of real balancers share the work.
import { assert, assertEquals } from "@std/assert";
import { assertSameBytes } from "../../support/same_bytes.ts";
import { Cluster } from "./cluster.ts";
import { download, inOrderOf } from "./cluster_client.ts";

const CLIENTS = 20;

/** Runs all clients; `after` is called with the number of packages received so far. */
async function runClients(
  cluster: Cluster,
  after: (received: number) => Promise<void> = () => Promise.resolve(),
): Promise<Map<string, Set<string>>> {
  const nodesOf = new Map<string, Set<string>>();
  let received = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      const database = await download(cluster, cluster.repository.path("extra.db"));
      assert(database.bytes.length > 0);
      for (const name of inOrderOf(client, cluster.names)) {
        const { bytes, servedBy } = await download(cluster, cluster.pathOf(name));
        assertSameBytes(bytes, cluster.repository.bytesOf(name));
        const nodes = nodesOf.get(name) ?? new Set();
        nodesOf.set(name, new Set([...nodes, ...servedBy]));
        await after(++received);
      }
    }),
  );
  return nodesOf;
}

Deno.test("three nodes behind HAProxy fetch each package once, for twenty clients", async () => {
  await using cluster = await Cluster.start(3);
  await cluster.behindHaproxy();
  const nodesOf = await runClients(cluster);
  for (const name of cluster.names) assertEquals(cluster.fetchesOf(name), 1, name);
  const nodes = new Set([...nodesOf.values()].flatMap((names) => [...names]));
  assertEquals([...nodes].sort(), ["node1", "node2", "node3"]);
});

Deno.test("three nodes behind nginx fetch each package once, for twenty clients", async () => {
  await using cluster = await Cluster.start(3);
  await cluster.behindNginx();
  await runClients(cluster);
  for (const name of cluster.names) assertEquals(cluster.fetchesOf(name), 1, name);
});

Deno.test("a client behind either balancer can neither impersonate another one nor reach the API", async (t) => {
  for (const balancer of ["HAProxy", "nginx"]) {
    await t.step(balancer, async () => {
      await using cluster = await Cluster.start(3);
      await (balancer === "nginx" ? cluster.behindNginx() : cluster.behindHaproxy());
      for (
        const forged of [
          { "X-Forwarded-For": "203.0.113.9" },
          { "Forwarded": "for=203.0.113.9" },
          { "Forwarded": 'for=203.0.113.9;x="', "X-Forwarded-For": "203.0.113.9" },
        ]
      ) {
        const response = await fetch(`${cluster.origin}/nothing`, { headers: forged });
        await response.body?.cancel();
        assertEquals(response.status, 404);
      }
      const forbidden = await fetch(`${cluster.origin}/api/v1/status`);
      assertEquals(forbidden.status, 403);
      await forbidden.body?.cancel();
      for (const node of cluster.nodes) await node.stop();
      const requests = cluster.nodes.flatMap(({ output }) => output.split("\n"))
        .filter((line) => line.includes('"path":"/nothing"') && line.includes("Deno/"));
      assertEquals(requests.length, 3);
      for (const line of requests) assertEquals(JSON.parse(line).client, "127.0.0.1");
    });
  }
});

Deno.test("the loss of a node and a new one move only their share of the packages", async () => {
  await using cluster = await Cluster.start(4);
  await cluster.behindHaproxy();
  const total = CLIENTS * cluster.names.length;
  const nodesOf = await runClients(cluster, async (received) => {
    if (received === Math.floor(total / 3)) await cluster.nodes[1]?.kill();
    if (received === Math.floor(total * 2 / 3)) await cluster.add(4);
  });
  let moved = 0;
  for (const [name, nodes] of nodesOf) {
    if (nodes.size === 1) assertEquals(cluster.fetchesOf(name), 1, name);
    else moved++;
    assert(cluster.fetchesOf(name) <= 2 * nodes.size, name);
  }
  assert([...nodesOf.values()].some((nodes) => nodes.has("node4")));
  // A third lay on the lost node, and a third at most moves to the new one.
  assert(moved < cluster.names.length * 0.75, `${moved} packages moved`);
});
