import { assertEquals, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../src/errors.ts";
import { RedirectPolicy } from "../../../src/platform/redirects.ts";
import { LogLines } from "../../support/log_lines.ts";

const ADDRESSES: Record<string, string[]> = {
  "cdn.example": ["1.1.1.1"],
  "rebound.example": ["127.0.0.1"],
};

/** A policy that trusts these hosts, without a network. */
function policyOf(trusted: string[] = [], now = () => 0): RedirectPolicy {
  const resolve = (name: string) => {
    const addresses = ADDRESSES[name];
    if (addresses === undefined) return Promise.reject(new Error("no such name"));
    return Promise.resolve(addresses);
  };
  const policy = new RedirectPolicy(resolve, now);
  policy.trust(trusted);
  return policy;
}

Deno.test("a redirect leads to a public host by HTTPS, to a named one, or stays", async (t) => {
  const table: [from: string, to: string, trusted?: string[]][] = [
    ["https://m.example/a", "https://cdn.example/a?signature=1"],
    ["http://m.example/a", "https://cdn.example:8443/a"],
    ["http://m.example/a", "/b"],
    ["http://m.example/a", "https://m.example/a"],
    ["https://m.example/a", "http://m.example/a", ["m.example"]],
    ["http://127.0.0.1:8080/a", "b"],
    ["http://127.0.0.1:8080/a", "//127.0.0.1:8080/b"],
    ["http://[fd00::1]:8080/a", "http://[FD00:0::1]:8080/b"],
    ["http://m.example/a", "http://127.0.0.1:1234/", ["127.0.0.1:1234"]],
    ["http://m.example/a", "http://eu.m.example/", ["*.m.example"]],
    ["http://m.example/a", "http://other.example/", ["other.example"]],
  ];
  for (const [from, to, trusted] of table) {
    await t.step(`${from} to ${to}`, async () => {
      const url = await policyOf(trusted).follow(new URL(from), to);
      assertEquals(url.href, new URL(to, from).href);
    });
  }
});

Deno.test("a redirect to a private host, to plain HTTP, or to another scheme is refused", async (t) => {
  const table: [from: string, to: string | null, reason: string, trusted?: string[]][] = [
    ["https://m.example/", "http://127.0.0.1/", "plain HTTP"],
    ["https://m.example/", "https://127.0.0.1/", "not a public host"],
    ["https://m.example/", "https://2130706433/", "not a public host"],
    ["https://m.example/", "https://0x7f.1/", "not a public host"],
    ["https://m.example/", "https://[::ffff:127.0.0.1]/", "not a public host"],
    ["https://m.example/", "https://[fe80::1]/", "not a public host"],
    ["https://m.example/", "https://169.254.169.254/latest/", "not a public host"],
    ["https://m.example/", "https://10.0.0.1/", "not a public host"],
    ["https://m.example/", "https://[fd00::1]/", "not a public host"],
    ["https://m.example/", "https://localhost/", "not a public host"],
    ["https://m.example/", "https://router/", "not a public host"],
    ["https://m.example/", "https://rebound.example/", "not a public host"],
    ["https://m.example/", "https://unknown.example/", "cannot be resolved"],
    ["https://m.example/", "http://cdn.example/", "plain HTTP"],
    // The name may have another address by then, and no certificate would show it.
    ["https://cdn.example/", "http://cdn.example/", "plain HTTP"],
    ["https://cdn.example/", "http://cdn.example:443/", "plain HTTP"],
    ["http://127.0.0.1:8080/", "http://127.0.0.1:22/", "plain HTTP"],
    ["http://10.0.0.1/", "http://10.0.0.1:8080/", "plain HTTP"],
    ["http://127.0.0.1:8080/", "http://localhost:8080/", "plain HTTP", ["127.0.0.1:8080"]],
    ["https://m.example/", "http://m.example.evil.example/", "plain HTTP", ["m.example"]],
    ["https://m.example/", "http://evil.example:80443/", "redirects without a valid Location"],
    ["https://m.example/", "http://x.evil.example/", "plain HTTP", ["*.m.example"]],
    ["https://m.example/", "http://eu.m.example:22/", "plain HTTP", ["*.m.example"]],
    ["https://m.example/", "file:///etc/passwd", "the scheme file"],
    ["https://m.example/", "data:,x", "the scheme data"],
    ["https://m.example/", null, "redirects without a valid Location"],
  ];
  for (const [from, to, reason, trusted] of table) {
    await t.step(`${from} to ${to}`, async () => {
      const follow = () => policyOf(trusted).follow(new URL(from), to);
      await assertRejects(follow, PkgstashError, reason);
    });
  }
});

Deno.test("trusted hosts replace those before them", async () => {
  const policy = policyOf(["a.example"]);
  policy.trust(["b.example"]);
  await policy.follow(new URL("http://m.example/"), "http://b.example/");
  await assertRejects(() => policy.follow(new URL("http://m.example/"), "http://a.example/"));
});

Deno.test("a redirect to another host is logged once an hour for each pair", async () => {
  const log = new LogLines();
  let now = 0;
  const policy = policyOf([], () => now);
  const follow = (from: string, to: string) => policy.follow(new URL(from), to);
  const lines = () => log.matching(/redirects to another host/).length;
  await follow("https://m.example/a", "https://cdn.example/a?secret=1");
  await follow("https://m.example/b", "https://cdn.example/b");
  await follow("https://m.example/b", "/c");
  assertEquals(lines(), 1);
  await follow("https://other.example/b", "https://cdn.example/b");
  assertEquals(lines(), 2);
  now += 3_600_000;
  await follow("https://m.example/b", "https://cdn.example/b");
  assertEquals(lines(), 3);
  assertEquals(log.matching(/secret/), []);
});
