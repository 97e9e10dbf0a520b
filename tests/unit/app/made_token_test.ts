import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeToken } from "../../../src/config/made_token.ts";
import { ChildDaemon } from "../../support/child_daemon.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const STATUS = "/api/v1/status";

async function statusOf(url: string, token: string): Promise<number> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  await response.body?.cancel();
  return response.status;
}

Deno.test("with --make-token the daemon makes a token once, says where, and accepts it", async () => {
  await using folder = await TempFolder.create();
  await ChildDaemon.configure(folder.path, { refresh_interval: "0" });
  const file = folder.join("state/token");
  const tokens: string[] = [];
  for (const _ of [1, 2]) {
    await using daemon = ChildDaemon.start(folder.path, null, {}, ["--make-token"]);
    const origin = await daemon.origin();
    await daemon.printed(/token is in/);
    assertStringIncludes(
      daemon.output,
      `token is in ${file}.\nSign in with it at ${origin}/admin/, or run: ` +
        `deno task pkgstash status --url ${origin}\n`,
    );
    const token = (await Deno.readTextFile(file)).trim();
    assertMatch(token, /^[0-9a-f]{64}$/);
    assertEquals(await statusOf(origin + STATUS, token), 200);
    // Nobody but its user may read it, and it is in no log.
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
    assert(!daemon.output.includes(token));
    tokens.push(token);
  }
  assertEquals(tokens[0], tokens[1]);
});

Deno.test("a token below another state_root is named in the command to try", async () => {
  await using folder = await TempFolder.create();
  await ChildDaemon.configure(folder.path, { refresh_interval: "0", state_root: "elsewhere" });
  await using daemon = ChildDaemon.start(folder.path, null, {}, ["--make-token"]);
  const file = folder.join("elsewhere/token");
  const command = `deno task pkgstash status --url ${await daemon.origin()} --token-file ${file}\n`;
  await daemon.printed(new RegExp(`or run: ${RegExp.escape(command)}`));
});

Deno.test("a configured token takes precedence over --make-token, and without either the start says how to set one", async () => {
  await using folder = await TempFolder.create();
  await ChildDaemon.configure(folder.path, { refresh_interval: "0" });
  {
    const env = { PKGSTASH_TOKEN: "configured" };
    await using daemon = ChildDaemon.start(folder.path, null, env, ["--make-token"]);
    assertEquals(await statusOf(await daemon.origin() + STATUS, "configured"), 200);
  }
  assertEquals(await Deno.stat(folder.join("state/token")).catch(() => null), null);
  await using daemon = ChildDaemon.start(folder.path);
  await daemon.printed(/need a token: set PKGSTASH_TOKEN or start with --make-token/);
});

Deno.test("a start that cannot write the token fails and names the file", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(folder.join("state"), "");
  const failure = await makeToken(folder.join("state")).catch(({ message }) => message);
  assertStringIncludes(failure, "the administrator's token: ");
});
