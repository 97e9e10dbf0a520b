import { assertEquals } from "@std/assert";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";

/** The status of a request that is sent byte for byte. */
async function statusOf(app: TestApp, request: string): Promise<number> {
  const { hostname, port } = new URL(app.origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(1024);
  const count = await connection.read(buffer) ?? 0;
  const text = new TextDecoder().decode(buffer.subarray(0, count));
  return Number(/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1] ?? 0);
}

Deno.test("an invalid Host gets 400 and is not part of the path", async (t) => {
  await using app = await TestApp.start();
  app.put(PATH, packageBytes(1000, 1));
  for (const host of ["x/core", "[bad", "x?", "x#y", "a b", "user@x", "x:port", "[::zz]", "%zz"]) {
    for (const target of [PATH, PATH.replace("/core", ""), "/api/v1/openapi.json", "/healthz"]) {
      await t.step(`${host} ${target}`, async () => {
        const request = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
        assertEquals(await statusOf(app, request), 400);
      });
    }
  }
  assertEquals(app.count(), 0);
});

Deno.test("two Host headers are 400", async () => {
  await using app = await TestApp.start();
  const request = "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n";
  assertEquals(await statusOf(app, request), 400);
});

Deno.test("files are served under any name of a host, and to HTTP/1.0 without one", async () => {
  await using app = await TestApp.start();
  app.put(PATH, packageBytes(1000, 1));
  for (const host of ["mirror.example.org", "mirror.example.org:80", "[fd00::1]:8090", "x", ""]) {
    const request = `GET ${PATH} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    assertEquals(await statusOf(app, request), 200, host);
  }
  assertEquals(await statusOf(app, `GET ${PATH} HTTP/1.0\r\n\r\n`), 200);
});
