// The example configuration for nginx in front of pkgstash, in a real nginx.
import { assertEquals } from "@std/assert";
import { runCommand, sendSignal } from "../../support/child_process.ts";
import { freePort } from "../../support/free_port.ts";
import { startNginx, TEMP_PATHS } from "../../support/nginx.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const EXAMPLE = new URL("../../../deploy/nginx.conf", import.meta.url);

/** A whole configuration around the example, with the ports and files of this test. */
async function configuration(folder: string, port: number, backend: number): Promise<string> {
  const example = (await Deno.readTextFile(EXAMPLE))
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace("127.0.0.1:8090", `127.0.0.1:${backend}`)
    .replaceAll("/etc/nginx", folder);
  return `daemon off; pid nginx.pid; events {}
http { access_log off; ${TEMP_PATHS}
${example} }`;
}

Deno.test("the nginx example serves the mirror, and hides its administration", async () => {
  await using folder = await TempFolder.create("pkgstash-proxy-");
  const certificate = folder.join("packages.example.org.pem");
  const key = folder.join("packages.example.org.key");
  const subject = [
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost",
    "-addext",
    "basicConstraints=critical,CA:FALSE",
  ];
  const kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
  await runCommand(["openssl", "req", ...kind, ...subject, "-keyout", key, "-out", certificate]);
  await using backend = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    ({ url, headers }) =>
      Response.json([
        new URL(url).pathname,
        headers.get("forwarded")?.replace(/:\d+"/, ':PORT"'),
        headers.get("x-forwarded-for"),
      ]),
  );
  const port = freePort();
  await Deno.writeTextFile(
    folder.join("nginx.conf"),
    await configuration(folder.path, port, backend.addr.port),
  );
  const nginx = await startNginx(folder.path, [port]);
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(certificate)] });
  try {
    const get = async (path: string) => {
      const headers = { "forwarded": "for=192.0.2.1", "x-forwarded-for": "192.0.2.1" };
      return await fetch(`https://localhost:${port}${path}`, { client, headers });
    };
    const passed = await get("/core/os/x86_64/core.db");
    // It replaces what the client says of itself.
    assertEquals(await passed.json(), [
      "/core/os/x86_64/core.db",
      'for="127.0.0.1:PORT";proto=https',
      null,
    ]);
    const refused = await get("/api/v1/status");
    await refused.body?.cancel();
    assertEquals(refused.status, 403);
  } finally {
    sendSignal(nginx.pid, "SIGTERM");
    await nginx.status;
  }
});
