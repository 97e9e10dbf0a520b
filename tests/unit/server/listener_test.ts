import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../src/errors.ts";
import { type Listener, openListener } from "../../../src/server/listener.ts";
import { exchange } from "../../support/http_exchange.ts";
import { CERTIFICATE, writeCertificate } from "../../support/localhost_certificate.ts";
import { LogLines } from "../../support/log_lines.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";

const PLAIN = { port: 0, tlsCertificate: null, tlsKey: null };

const HAS_IPV6 = hasIpv6();

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test({
  name: "by default, clients of both families are served, and an IPv4 client is logged as one",
  ignore: !HAS_IPV6,
  fn: async () => {
    await using app = await TestApp.start({ settings: { listen_address: "::" } });
    assertMatch(app.origin, /^http:\/\/\[::\]:\d+$/);
    const { port } = new URL(app.origin);
    for (const host of ["127.0.0.1", "[::1]"]) {
      const { hostname } = new URL(`http://${host}`);
      const connection = await Deno.connect({
        hostname: hostname.replace(/[[\]]/g, ""),
        port: Number(port),
      });
      await connection.write(
        new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      );
      const text = await new Response(connection.readable).text();
      assertMatch(text, /^HTTP\/1\.1 200 /);
    }
    await app.log.waitFor(/DEBUG request .*healthz/, 2);
    assertEquals(app.log.matching(/client=127\.0\.0\.1 /).length, 1);
    assertEquals(app.log.matching(/client=::1 /).length, 1);
  },
});

Deno.test("without IPv6, the daemon listens on IPv4 alone", async (t) => {
  for (
    const error of [
      new Error("Address family not supported by protocol (os error 97)"),
      new Deno.errors.AddrNotAvailable("Cannot assign requested address (os error 99)"),
    ]
  ) {
    await t.step(error.message, async () => {
      const log = new LogLines();
      const asked: string[] = [];
      const { url } = await openListener({ ...PLAIN, listenAddress: "::" }, (hostname, port) => {
        asked.push(hostname);
        if (hostname === "::") throw error;
        return { addr: { transport: "tcp", hostname, port: port + 8090 } } as Listener;
      });
      assertEquals([asked, url], [["::", "0.0.0.0"], "http://0.0.0.0:8090"]);
      assertEquals(log.matching(/IPv6 is not available/).length, 1);
    });
  }
});

Deno.test("a chosen address, or a port in use, is never replaced with another", async () => {
  const asked: string[] = [];
  const fail = (error: Error) => (hostname: string) => {
    asked.push(hostname);
    throw error;
  };
  const unavailable = new Deno.errors.AddrNotAvailable("Cannot assign it");
  const inUse = new Deno.errors.AddrInUse("Address already in use");
  for (
    const [listenAddress, error] of [["fd00::1", unavailable], ["::", inUse]] as const
  ) {
    await assertRejects(
      () => openListener({ ...PLAIN, listenAddress }, fail(error)),
      PkgstashError,
      `Cannot listen on ${listenAddress} port 0: ${error.message}. `,
    );
  }
  assertEquals(asked, ["fd00::1", "::"]);
});

Deno.test("with a certificate, HTTP/1.1 and HTTP/2 are served over TLS", async () => {
  await using folder = await TempFolder.create();
  await using app = await TestApp.start({ settings: await writeCertificate(folder) });
  assertMatch(app.origin, /^https:/);
  for (const options of [{ http2: false }, { http1: false }]) {
    using client = Deno.createHttpClient({ caCerts: [CERTIFICATE], ...options });
    const response = await fetch(`${app.origin}/healthz`, { client });
    assertEquals([response.status, await response.text()], [200, "ok\n"]);
  }
  // Plain HTTP on the port of TLS ends that connection and nothing else.
  await exchange(app.origin.replace("https", "http"), "/healthz").catch(() => null);
  await app.log.waitFor(/DEBUG request .*healthz/, 2);
});
