// The passphrase of the signing keys, as systemd hands it over.
import { assert, assertEquals } from "@std/assert";
import { readPrivateKey } from "openpgp";
import { TOKEN } from "../../support/administration.ts";
import { ChildDaemon } from "../../support/child_daemon.ts";
import { exchange } from "../../support/http_exchange.ts";
import { TempFolder } from "../../support/temp_folder.ts";

Deno.test("a passphrase from a systemd credential encrypts the signing keys, and is not logged", async () => {
  await using folder = await TempFolder.create();
  const credentials = folder.join("credentials");
  await Deno.mkdir(credentials);
  await Deno.writeTextFile(`${credentials}/pkgstash.token`, TOKEN);
  await Deno.writeTextFile(`${credentials}/pkgstash.signing_passphrase`, "a-passphrase\n");
  await ChildDaemon.configure(folder.path, { mirror_urls: ["http://127.0.0.1:9/"] });
  await using daemon = ChildDaemon.start(folder.path, null, {
    CREDENTIALS_DIRECTORY: credentials,
  });
  const answer = await exchange(await daemon.origin(), "/api/v1/keys/public", {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  assertEquals(answer.status, 200, answer.text);
  const directory = folder.join("state", "keys", "private");
  const [name] = Array.from(Deno.readDirSync(directory), (entry) => entry.name);
  const armoredKey = await Deno.readTextFile(`${directory}/${name}`);
  assertEquals((await readPrivateKey({ armoredKey })).isDecrypted(), false);
  assert(!daemon.output.includes("a-passphrase"));
});
