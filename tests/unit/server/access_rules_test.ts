import { assertEquals } from "@std/assert";
import { AccessRules } from "../../../src/server/access_rules.ts";

const NONE = { trustedProxies: [], allowedNetworks: [], allowedHosts: [] };

function clientOf(
  trustedProxies: readonly string[],
  peer: string,
  headers: Record<string, string> = {},
): string {
  const rules = new AccessRules({ ...NONE, trustedProxies }, "stash");
  const { hostname, port } = rules.clientOf(new Headers(headers), { hostname: peer, port: 99 });
  return `${hostname} ${port}`;
}

Deno.test("a header from an untrusted peer is ignored", () => {
  const headers = { "forwarded": "for=192.0.2.1", "x-forwarded-for": "192.0.2.1" };
  assertEquals(clientOf([], "127.0.0.1", headers), "127.0.0.1 99");
  assertEquals(clientOf(["10.0.0.0/8"], "192.168.1.1", headers), "192.168.1.1 99");
});

Deno.test("a trusted proxy names the client, and optionally its port", () => {
  const trusted = ["127.0.0.1", "fd00::/8"];
  assertEquals(clientOf(trusted, "127.0.0.1", { forwarded: 'for="192.0.2.1:7"' }), "192.0.2.1 7");
  assertEquals(
    clientOf(trusted, "::ffff:127.0.0.1", { forwarded: "for=192.0.2.1" }),
    "192.0.2.1 null",
  );
  assertEquals(
    clientOf(trusted, "fd00::5", { "x-forwarded-for": "2001:DB8::1" }),
    "2001:db8::1 null",
  );
});

Deno.test("without a header, a trusted proxy is itself the client", () => {
  assertEquals(clientOf(["127.0.0.1"], "127.0.0.1"), "127.0.0.1 99");
});

Deno.test("the client is the nearest untrusted hop, whatever precedes it", () => {
  const trusted = ["127.0.0.1", "10.0.0.0/8"];
  const from = (value: string) => clientOf(trusted, "127.0.0.1", { "x-forwarded-for": value });
  assertEquals(from("127.0.0.1, 192.0.2.1"), "192.0.2.1 null");
  assertEquals(from("198.51.100.1, 192.0.2.1, 10.1.1.1"), "192.0.2.1 null");
  assertEquals(from("10.2.2.2, 10.1.1.1"), "10.2.2.2 null");
});

Deno.test("a client that its proxy does not name is unknown, never the proxy", () => {
  for (
    const headers of [
      { forwarded: "for=unknown" },
      { forwarded: "for=_secret" },
      { forwarded: "nonsense" },
      { forwarded: "" },
      { "x-forwarded-for": "192.0.2.1, me" },
      { "forwarded": "for=127.0.0.1", "x-forwarded-for": "192.0.2.1" },
    ] as Record<string, string>[]
  ) assertEquals(clientOf(["127.0.0.1"], "127.0.0.1", headers), "unknown null");
});

Deno.test("an IPv4-mapped peer is its IPv4 address", () => {
  assertEquals(clientOf([], "::ffff:192.0.2.9"), "192.0.2.9 99");
});

Deno.test("allowed_networks admits its members and this machine, nobody else", () => {
  const rules = new AccessRules({ ...NONE, allowedNetworks: ["192.168.0.0/16", "fd00::/8"] });
  const admits = (hostname: string) => rules.admits({ hostname, port: null });
  for (const address of ["192.168.7.7", "fd12::1", "127.0.0.1", "::1"]) {
    assertEquals(admits(address), true, address);
  }
  for (const address of ["192.169.0.1", "2001:db8::1", "unknown"]) {
    assertEquals(admits(address), false, address);
  }
  assertEquals(new AccessRules(NONE).admits({ hostname: "unknown", port: null }), true);
});

Deno.test("the API's names are addresses, localhost, this machine's and those configured", () => {
  const rules = new AccessRules({ ...NONE, allowedHosts: ["Packages.example.org"] }, "Stash");
  for (
    const name of [
      "127.0.0.1",
      "192.168.1.2",
      "[::1]",
      "[fd00::1]",
      "localhost",
      "LOCALHOST",
      "stash",
      "stash.local",
      "stash.lan",
      "packages.example.org",
      "packages.example.org.",
    ]
  ) assertEquals(rules.isOwnHost(name), true, name);
  for (
    const name of ["evil.example", "stash.evil.example", "localhost.evil.example", "other", ""]
  ) {
    assertEquals(rules.isOwnHost(name), false, name);
  }
});
