// The public keys of repositories of one's own, as clients get them.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readKeys } from "openpgp";
import { runCli } from "../../../src/cli/cli.ts";
import { TOKEN } from "../../support/administration.ts";
import { TestApp } from "../../support/test_app.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { FakeTerminal } from "../../support/fake_terminal.ts";

/** Asks the API; the answer as JSON. */
async function ask(app: TestApp, method: string, path: string, body?: unknown) {
  const { text } = await app.request(method, `/api/v1/${path}`, {
    headers: { authorization: `Bearer ${TOKEN}` },
    ...body === undefined ? {} : { body: JSON.stringify(body) },
  });
  return JSON.parse(text);
}

async function fingerprintsIn(binary: Uint8Array): Promise<string[]> {
  const keys = await readKeys({ binaryKeys: binary });
  return keys.map((key) => key.getFingerprint().toUpperCase());
}

async function withRepositories(
  run: (app: TestApp, cli: (...args: string[]) => Promise<FakeTerminal>) => Promise<void>,
): Promise<void> {
  await using folder = await TempFolder.create();
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0", min_free_space: "0" },
    tables: () =>
      `mirrored_repos = ["core"]\n[repositories.mine]\n[repositories.plain]\nsigning = "none"\n`,
  });
  await Deno.writeTextFile(folder.join("token"), TOKEN);
  await run(app, async (...args) => {
    const terminal = new FakeTerminal();
    await runCli([...args, "--url", app.origin, "--token-file", folder.join("token")], terminal);
    return terminal;
  });
}

Deno.test("clients get the public keys of a signed repository without a token", async () => {
  await withRepositories(async (app) => {
    const answer = await app.request("GET", "/mine/mine.gpg");
    assertEquals(answer.status, 200);
    assertEquals(answer.headers.get("content-type"), "application/pgp-keys");
    const binary = answer.body;
    const { fingerprint } = await ask(app, "GET", "keys/public");
    assertEquals(await fingerprintsIn(binary), [fingerprint]);
    const head = await app.request("HEAD", "/mine/mine.gpg");
    assertEquals([head.status, head.body.length], [200, 0]);
    assertEquals(head.headers.get("content-length"), `${binary.length}`);
    const next = await ask(app, "POST", "keys/rotate", { overlap_ms: 1_000_000 });
    const both = await app.request("GET", "/mine/mine.gpg");
    assertEquals(await fingerprintsIn(both.body), [fingerprint, next.fingerprint]);
  });
});

Deno.test("no trick with the path reaches another key, or a file", async (t) => {
  await withRepositories(async (app) => {
    await ask(app, "GET", "keys/public");
    for (
      const target of [
        "/plain/plain.gpg",
        "/other/other.gpg",
        "/mine/plain.gpg",
        "/mine.gpg",
        "/Mine/Mine.gpg",
        "/mine/mine.gpg/",
        "/mine//mine.gpg",
        "/mine/mine.gpg%00",
        "/mine/mine%2egpg%2f",
        "/mine/../keys/private",
        "/mine/%2e%2e/%2e%2e/keys/private",
        "/keys/private",
        "/state/keys/private",
      ]
    ) {
      await t.step(target, async () => {
        const { status, text } = await app.request("GET", target);
        assertEquals(status, 404, text);
      });
    }
    assertEquals((await app.request("POST", "/mine/mine.gpg")).status, 405);
  });
});

Deno.test("client-config prints each repository's section, and how to trust its keys", async () => {
  await withRepositories(async (app, cli) => {
    const { printed: output } = await cli("client-config");
    const { fingerprint } = await ask(app, "GET", "keys/public");
    assertMatch(
      output,
      /^# {2}curl -fsS http:\S+\/mine\/mine\.gpg \| pacman-key --add -$/m,
    );
    assertStringIncludes(output, `\n#  pacman-key --lsign-key ${fingerprint}\n`);
    assertMatch(output, /^\[mine\]\nSigLevel = Required\nServer = http:\S+\/\$repo\/os\/\$arch$/m);
    assertMatch(output, /^\[plain\]\nSigLevel = Optional TrustAll\nServer = http:/m);
    const next = await ask(app, "POST", "keys/rotate", { overlap_ms: 1_000_000 });
    const { printed: later } = await cli("client-config");
    for (const each of [fingerprint, next.fingerprint]) {
      assertStringIncludes(later, `--lsign-key ${each}\n`);
    }
  });
});

Deno.test("client-config holds clients at a date where databases are kept, and says where not", async () => {
  await withRepositories(async (_, cli) => {
    const { printed: output } = await cli("client-config", "--date", "2026-11-20");
    assertMatch(output, /Not held.*\n.*\nServer = \S+\/\$repo\/os\/\$arch$/m);
    assertMatch(output, /^\[mine\]\n.*\nServer = \S+\/\$repo@2026-11-20\/os\/\$arch$/m);
    const refused = await cli("client-config", "--date", "yesterday");
    assertMatch(refused.errors, /it is not a valid time\. Use a day such as/);
  });
});

Deno.test("a server without signed repositories makes no key for client-config", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: { refresh_interval: "0" } });
  const { keys, own_repositories } = await ask(app, "GET", "client-config");
  assertEquals([keys, own_repositories], [[], []]);
  assertEquals((await ask(app, "GET", "keys")).keys, []);
});
