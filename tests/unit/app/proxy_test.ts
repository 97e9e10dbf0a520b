import { assertEquals } from "@std/assert";
import { ChildDaemon } from "../../support/child_daemon.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const ONION = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion";

Deno.test("a SOCKS5 proxy receives the host names of mirrors, with either scheme", async (t) => {
  for (const scheme of ["socks5", "socks5h"]) {
    await t.step(scheme, async () => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const asked = nameAskedOf(listener);
      await using folder = await TempFolder.create();
      await using daemon = await ChildDaemon.spawn(folder.path, {
        mirror_urls: [`http://${ONION}/`],
        answer_timeout: "2s",
        upstream_proxy: `${scheme}://127.0.0.1:${listener.addr.port}`,
      });
      const response = await fetch(`${await daemon.origin()}/core/os/x86_64/core.db`);
      await response.body?.cancel();
      assertEquals(await asked, ONION);
    });
  }
});

/** What the first client of a SOCKS5 proxy wants to connect to (RFC 1928); it is then refused. */
async function nameAskedOf(listener: Deno.TcpListener): Promise<string> {
  using connection = await listener.accept();
  await connection.read(new Uint8Array(16));
  await connection.write(Uint8Array.of(5, 0));
  const request = new Uint8Array(512);
  await connection.read(request);
  const [, , , type, length = 0] = request;
  await connection.write(Uint8Array.of(5, 4, 0, 1, 0, 0, 0, 0, 0, 0));
  return type === 3 ? new TextDecoder().decode(request.subarray(5, 5 + length)) : `type ${type}`;
}
