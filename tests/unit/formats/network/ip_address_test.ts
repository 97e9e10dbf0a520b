import { assertEquals } from "@std/assert";
import {
  canonicalAddress,
  clientNetwork,
  isLoopback,
  isNetwork,
  NetworkSet,
} from "../../../../src/formats/network/ip_address.ts";

Deno.test("an address has one form, and an IPv4-mapped one is IPv4", () => {
  for (
    const [text, expected] of [
      ["192.0.2.1", "192.0.2.1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["::FFFF:c000:201", "192.0.2.1"],
      ["2001:DB8:0:0::1", "2001:db8::1"],
      ["[2001:db8::1]", "2001:db8::1"],
      ["fe80::1%eth0", "fe80::1"],
      ["", null],
      ["unknown", null],
      ["10.1", null],
      ["0x7f.0.0.1", null],
      ["192.0.2.256", null],
      ["192.0.2.1:80", null],
      [":::", null],
      ["localhost", null],
    ] as const
  ) assertEquals(canonicalAddress(text), expected, text);
});

Deno.test("a network is an address with or without a length that fits", () => {
  for (const text of ["10.0.0.0/8", "10.1.2.3", "::1", "fd00::/8", "0.0.0.0/0", "::/0"]) {
    assertEquals(isNetwork(text), true, text);
  }
  for (const text of ["", "/8", "10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1", "lan/8"]) {
    assertEquals(isNetwork(text), false, text);
  }
});

Deno.test("a set of networks contains exactly their addresses, in any form", () => {
  const set = new NetworkSet(["192.168.0.0/16", "10.1.2.3", "fd00::/8", "::ffff:172.16.0.0/108"]);
  for (
    const address of ["192.168.255.1", "::ffff:192.168.0.1", "10.1.2.3", "fdab::1", "172.31.0.1"]
  ) assertEquals(set.has(address), true, address);
  for (
    const address of ["192.169.0.1", "10.1.2.4", "fe80::1", "172.32.0.1", "::1", "unknown", ""]
  ) {
    assertEquals(set.has(address), false, address);
  }
  assertEquals([set.isEmpty, new NetworkSet([]).isEmpty], [false, true]);
});

Deno.test("loopback is this machine, in both families", () => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assertEquals(isLoopback(address), true, address);
  }
  for (const address of ["128.0.0.1", "::2", "unknown"]) assertEquals(isLoopback(address), false);
});

Deno.test("a client with an IPv6 address is its /64, one with an IPv4 address is that", () => {
  assertEquals(clientNetwork("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assertEquals(clientNetwork("2001:db8:1:2::9"), "2001:db8:1:2::/64");
  assertEquals(clientNetwork("192.0.2.7"), "192.0.2.7");
  assertEquals(clientNetwork("unknown"), "unknown");
});
