// The lines for nginx in docs/web.md that name the user, in a real nginx.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { sendSignal } from "../../support/child_process.ts";
import { ChildDaemon } from "../../support/child_daemon.ts";
import { freePort } from "../../support/free_port.ts";
import { exchange } from "../../support/http_exchange.ts";
import { startNginx, TEMP_PATHS } from "../../support/nginx.ts";
import { PROJECT } from "../../support/project.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const CREDENTIALS = { anna: "a-password", carl: "another" };

/** The server of docs/web.md, on this port and in front of this daemon. */
async function serverBlock(port: number, backend: string): Promise<string> {
  const text = await Deno.readTextFile(join(PROJECT, "docs/web.md"));
  const [block] = /^ {4}server \{[^]*?\n {4}\}$/m.exec(text) ?? [];
  assert(block !== undefined, "docs/web.md has no server block");
  return block
    .replace(/listen [^;]+;/, `listen 127.0.0.1:${port};`)
    .replaceAll("http://127.0.0.1:8090", backend)
    .replaceAll("/etc/nginx/", "")
    .replace(/^ *ssl_.*$/gm, "");
}

Deno.test("behind nginx, only people whom it has signed in are users, whatever clients send", async () => {
  await using folder = await TempFolder.create("pkgstash-users-");
  await using daemon = await ChildDaemon.configure(folder.path, {
    refresh_interval: "0",
    mirror_urls: ["http://127.0.0.1:9"],
    trusted_proxies: ["127.0.0.1"],
    web_user_header: "Remote-User",
    web_administrators: ["anna"],
  }).then(() => ChildDaemon.start(folder.path, null, { PKGSTASH_TOKEN: "the-token-of-this-test" }));
  const port = freePort();
  await Deno.writeTextFile(
    folder.join("passwords"),
    Object.entries(CREDENTIALS).map(([name, word]) => `${name}:{PLAIN}${word}\n`).join(""),
  );
  // Access is needed by nginx's workers, which are another user where the test is root.
  await Deno.chmod(folder.path, 0o755);
  await Deno.writeTextFile(
    folder.join("nginx.conf"),
    // Underscores pass, as they do where somebody has allowed them.
    `daemon off; pid nginx.pid; events {} http { access_log off; ${TEMP_PATHS}
underscores_in_headers on;
${await serverBlock(port, await daemon.origin())} }`,
  );
  const nginx = await startNginx(folder.path, [port]);
  try {
    const ask = (headers: Record<string, string>, path = "/admin/settings") =>
      exchange(`http://127.0.0.1:${port}`, path, { headers });
    const as = (name: keyof typeof CREDENTIALS) => ({
      authorization: `Basic ${btoa(`${name}:${CREDENTIALS[name]}`)}`,
    });
    const mayChange = (text: string) => text.includes('value="log-level"');
    const anna = await ask(as("anna"));
    assertEquals([anna.status, mayChange(anna.text)], [200, true]);
    assertEquals((await ask({})).status, 401);
    const forgeries: Record<string, string>[] = [
      { "remote-user": "anna" },
      { "Remote_User": "anna" },
      { "remote-user": "anna\r\nRemote-User: anna" },
      { "remote-user": "anna", "connection": "close, Remote-User" },
      { "x-forwarded-for": "127.0.0.1", "remote-user": "anna" },
    ];
    for (const forged of forgeries) {
      const carl = await ask({ ...as("carl"), ...forged });
      assertEquals([carl.status, mayChange(carl.text)], [200, false], JSON.stringify(forged));
      assertStringIncludes(carl.text, "carl");
      assertEquals((await ask(forged)).status, 401);
      // Where nginx asks nobody to sign in, it names nobody.
      const open = await ask(forged, "/");
      assertEquals(open.status, 200);
    }
    const direct = await exchange(await daemon.origin(), "/admin/", { headers: as("anna") });
    assertMatch(direct.text, /<h1>Sign in/);
    const api = await ask({ ...as("anna"), "remote-user": "anna" }, "/api/v1/status");
    assertEquals(api.status, 401);
  } finally {
    sendSignal(nginx.pid, "SIGTERM");
    await nginx.status;
  }
});
