// The example of nginx in front of pkgstash, in a real nginx.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { runCommand } from "../../support/child_process.ts";
import { accepts, freePort } from "../../support/free_port.ts";
import { searchPath } from "../../support/end_to_end/required_tools.ts";
import { until } from "../../support/until.ts";

const EXAMPLE = new URL("../../../deploy/nginx.conf", import.meta.url);

/** The example with ports and files of this test, as a whole configuration. */
async function configuration(folder: string, port: number, backend: number): Promise<string> {
  const example = (await Deno.readTextFile(EXAMPLE))
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace("127.0.0.1:8090", `127.0.0.1:${backend}`)
    .replaceAll("/etc/nginx", folder);
  return `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
${example} }`;
}

Deno.test("through the example of nginx the mirror is there, and its administration is not", async () => {
  const folder = await Deno.makeTempDir({ prefix: "pkgstash-proxy-" });
  const certificate = join(folder, "packages.example.org.pem");
  const key = join(folder, "packages.example.org.key");
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
    (request) => new Response(new URL(request.url).pathname),
  );
  const port = freePort();
  await Deno.writeTextFile(
    join(folder, "nginx.conf"),
    await configuration(folder, port, backend.addr.port),
  );
  const nginx = new Deno.Command("nginx", {
    args: ["-c", join(folder, "nginx.conf"), "-p", folder],
    env: { PATH: searchPath() },
    stderr: "inherit",
  }).spawn();
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(certificate)] });
  try {
    await until("nginx accepts connections", () => accepts(port));
    const get = async (path: string) => {
      const response = await fetch(`https://localhost:${port}${path}`, { client });
      return [response.status, await response.text()];
    };
    assertEquals(await get("/core/os/x86_64/core.db"), [200, "/core/os/x86_64/core.db"]);
    assertEquals((await get("/api/v1/status"))[0], 403);
  } finally {
    nginx.kill("SIGTERM");
    await nginx.status;
    await Deno.remove(folder, { recursive: true });
  }
});
