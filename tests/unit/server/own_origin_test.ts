import { assertEquals } from "@std/assert";
import { AccessRules } from "../../../src/server/access_rules.ts";
import { isOwnOrigin, ownOriginOf } from "../../../src/server/own_origin.ts";

const access = new AccessRules({
  trustedProxies: ["192.0.2.7"],
  allowedNetworks: [],
  allowedHosts: [],
});

function originFor(peer: string, url: string, headers: Record<string, string>): string {
  return ownOriginOf(new Request(url, { headers }), { hostname: peer }, access);
}

Deno.test("only a trusted proxy's claim of TLS is believed", () => {
  const url = "http://stash.lan/admin/";
  const https = { "x-forwarded-proto": "https" };
  assertEquals(originFor("192.0.2.7", url, https), "https://stash.lan");
  assertEquals(originFor("::ffff:192.0.2.7", url, https), "https://stash.lan");
  for (const peer of ["192.0.2.8", "127.0.0.1", "::1"]) {
    assertEquals(originFor(peer, url, https), "http://stash.lan", peer);
    // Nor is a peer that a made-up header calls a trusted one.
    const forged = { ...https, "x-forwarded-for": "192.0.2.7", "forwarded": "for=192.0.2.7" };
    assertEquals(originFor(peer, url, forged), "http://stash.lan", peer);
  }
  for (const value of ["http", "HTTPS2", "", "https, http"]) {
    assertEquals(originFor("192.0.2.7", url, { "x-forwarded-proto": value }), "http://stash.lan");
  }
});

Deno.test("TLS of the connection itself cannot be denied", () => {
  const url = "https://stash.lan:8443/admin/";
  for (const peer of ["192.0.2.7", "192.0.2.8"]) {
    assertEquals(originFor(peer, url, { "x-forwarded-proto": "http" }), "https://stash.lan:8443");
  }
});

Deno.test("with TLS an origin without it is somebody else's; the other way round it may be a proxy's", () => {
  assertEquals(isOwnOrigin("https://stash.lan", "https://stash.lan"), true);
  assertEquals(isOwnOrigin("http://stash.lan", "https://stash.lan"), false);
  assertEquals(isOwnOrigin("https://stash.lan", "http://stash.lan"), true);
  assertEquals(isOwnOrigin("https://stash.lan:8443", "https://stash.lan"), false);
  assertEquals(isOwnOrigin("null", "https://stash.lan"), false);
});
