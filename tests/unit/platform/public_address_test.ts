import { assertEquals, assertRejects } from "@std/assert";
import { isPublicAddress, isPublicHost } from "../../../src/platform/public_address.ts";

Deno.test("a special-purpose address is not public, in any IPv6 notation", async (t) => {
  const special = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fc00::1",
    "fdff::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "localhost",
    "",
  ];
  for (const address of special) {
    await t.step(address, () => assertEquals(isPublicAddress(address), false));
  }
});

Deno.test("the addresses around the special ones are public", async (t) => {
  const ordinary = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2a01:4f8::1",
  ];
  for (const address of ordinary) {
    await t.step(address, () => assertEquals(isPublicAddress(address), true));
  }
});

Deno.test("a name is public if all of its addresses are", async (t) => {
  const addresses: Record<string, string[]> = {
    "public.example": ["1.1.1.1", "2a01:4f8::1"],
    "mixed.example": ["1.1.1.1", "127.0.0.1"],
    "rebound.example": ["192.168.0.1"],
    "empty.example": [],
  };
  const table: [string, boolean][] = [
    ["public.example", true],
    ["PUBLIC.example.", true],
    ["mixed.example", false],
    ["rebound.example", false],
    ["empty.example", false],
    ["[::1]", false],
    ["[2a01:4f8::1]", true],
    ["127.0.0.1", false],
  ];
  const resolve = (name: string) => Promise.resolve(addresses[name] ?? []);
  for (const [host, expected] of table) {
    await t.step(host, async () => assertEquals(await isPublicHost(host, resolve), expected));
  }
});

Deno.test("a local name is never public, and is not even resolved", async (t) => {
  const resolve = () => Promise.reject(new Error("asked"));
  for (
    const name of ["localhost", "x.localhost", "router", "nas.local", "nas.lan", "a.home.arpa"]
  ) {
    await t.step(name, async () => assertEquals(await isPublicHost(name, resolve), false));
  }
  await assertRejects(() => isPublicHost("other.example", resolve), Error, "asked");
});

Deno.test("names are left to a proxy, addresses are not", async () => {
  assertEquals(await isPublicHost("abc.onion", null), true);
  assertEquals(await isPublicHost("localhost", null), false);
  assertEquals(await isPublicHost("10.0.0.1", null), false);
});
