import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encryptKey, generateKey, readKeys } from "openpgp";
import { EXIT_CODE } from "../../../src/cli/errors.ts";
import { TOKEN } from "../../support/administration.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";
import { type Ended, pkgstash } from "./administration_child.ts";

/** A daemon, and a folder of files that command lines may read. */
async function start() {
  const folder = await TempFolder.create();
  const app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0", min_free_space: "0" },
  });
  const runWith = (stdin: string, ...args: string[]): Promise<Ended> =>
    pkgstash(args, {
      env: { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: app.origin },
      readable: [folder.path],
      stdin,
    });
  return { app, folder, run: runWith.bind(null, ""), runWith };
}

async function printed(running: Promise<Ended>): Promise<string> {
  const { code, out, err } = await running;
  assertEquals([code, err], [EXIT_CODE.ok, ""]);
  return out;
}

Deno.test("a key is exported as clients import it, rotated, and shown with its role", async () => {
  const { app, folder, run } = await start();
  await using _ = app;
  await using __ = folder;
  assertStringIncludes(await printed(run("key")), "No signing key yet.");
  const [key] = await readKeys({ armoredKeys: await printed(run("key", "export")) });
  const first = key!.getFingerprint().toUpperCase();
  assertMatch(
    await printed(run("key", "rotate", "--overlap", "30d")),
    /^Created [0-9A-F]{40}, which/,
  );
  const shown = await printed(run("key", "show"));
  assertMatch(shown, new RegExp(`^${first}\n  pkgstash on .*\n  signs, .*, never expires$`, "m"));
  assertMatch(shown, /^ {2}signs from \d{4}-\d\d-\d\d on, created on/m);
  assertEquals((await readKeys({ armoredKeys: await printed(run("key", "export")) })).length, 2);
  const wrong = await run("key", "rotate", "--overlap", "30d", "--now");
  assertEquals(wrong.code, EXIT_CODE.usage);
});

Deno.test("a private key is imported from a file, and never sent in clear text over a network", async () => {
  const { app, folder, run } = await start();
  await using _ = app;
  await using __ = folder;
  const { privateKey } = await generateKey({ userIDs: [{ name: "Me" }], format: "object" });
  const locked = await encryptKey({ privateKey, passphrase: "secret" });
  await Deno.writeTextFile(folder.join("key.asc"), locked.armor());
  await Deno.writeTextFile(folder.join("passphrase"), "secret\n");
  const args = ["key", "import", folder.join("key.asc")];
  const refused = await run(...args, "--url", "http://stash.example:8090");
  assertEquals(refused.code, EXIT_CODE.refused);
  assertStringIncludes(refused.err, "unencrypted");
  const without = await run(...args);
  assertEquals(without.code, EXIT_CODE.failure);
  assertStringIncludes(without.err, "passphrase");
  const out = await printed(run(...args, "--passphrase-file", folder.join("passphrase")));
  const fingerprint = privateKey.getFingerprint().toUpperCase();
  assertEquals(out, `Imported ${fingerprint}, which signs from now on.\n`);
  const events = await printed(run("events"));
  assertStringIncludes(events, `fingerprint=${fingerprint}`);
  assert(!events.includes("PRIVATE"));
});

Deno.test("a hyphen stands for the standard input, which needs no permission to read", async () => {
  const { app, folder, run, runWith } = await start();
  await using _ = app;
  await using __ = folder;
  const { publicKey } = await generateKey({ userIDs: [{ name: "Me" }], format: "object" });
  assertMatch(
    await printed(runWith(publicKey.armor(), "key", "trust", "-")),
    /^Trusted .*, Me\.$/m,
  );
  const refused = await run("key", "trust", "/etc/hostname");
  assertStringIncludes(refused.err, "Pass it on standard input");
});

Deno.test("a packager's key is trusted and distrusted by its fingerprint", async () => {
  const { app, folder, run } = await start();
  await using _ = app;
  await using __ = folder;
  const { publicKey } = await generateKey({
    userIDs: [{ name: "Eve \x1b[31m" }],
    format: "object",
  });
  await Deno.writeTextFile(folder.join("key.asc"), publicKey.armor());
  const fingerprint = publicKey.getFingerprint().toUpperCase();
  const out = await printed(run("key", "trust", folder.join("key.asc")));
  assertStringIncludes(out, `Trusted ${fingerprint}, Eve`);
  assert(!out.includes("\x1b"));
  const shown = await printed(run("key"));
  assertStringIncludes(shown, "trusted packager");
  assert(!shown.includes("\x1b"));
  const spaced = fingerprint.replaceAll(/(....)/g, "$1 ").trim().toLowerCase();
  await printed(run("key", "distrust", spaced));
  assertEquals((await run("key", "distrust", fingerprint)).code, EXIT_CODE.failure);
  const missing = await run("key", "trust", folder.join("none"));
  assertStringIncludes(missing.err, "no such file");
});

Deno.test("a new token is printed alone, works as a --token-file, and is listed without its secret", async () => {
  const { app, folder, run } = await start();
  await using _ = app;
  await using __ = folder;
  const token = (await printed(run("token", "create", "laptop", "--administrator"))).trimEnd();
  assertMatch(token, /^pkgstash_[0-9a-f]{12}_[\w-]{43}$/);
  await Deno.writeTextFile(folder.join("token"), `${token}\n`);
  await printed(run("status", "--token-file", folder.join("token")));
  await printed(run("token", "create", "builder", "--upload", "mine, other", "--expires", "90d"));
  const list = await printed(run("token"));
  assertMatch(list, /^laptop +[0-9a-f]{12} +everything +\S.* +(?:just now|.* ago) +never$/m);
  assertMatch(list, /^builder +[0-9a-f]{12} +upload to mine, other +\S.* +never +in 89 d 23 h$/m);
  assert(!list.includes(token.slice(-43)));
  await printed(run("token", "revoke", "laptop"));
  const revoked = await run("status", "--token-file", folder.join("token"));
  assertEquals(revoked.code, EXIT_CODE.refused);
  for (
    const purpose of [
      ...[[], ["--administrator", "--upload", "mine"]],
      ...[["--administrator", "--expires", "soon"], ["--administrator", "--expires", "0"]],
    ]
  ) {
    assertEquals((await run("token", "create", "x", ...purpose)).code, EXIT_CODE.usage);
  }
  const events = JSON.parse(await printed(run("events", "--json", "--limit", "2"))).events;
  assertEquals(events.map(({ action }: { action: string }) => action), [
    "Revoke a token",
    "Create a token",
  ]);
});
