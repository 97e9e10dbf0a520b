import { assertEquals } from "@std/assert";
import { allCommands } from "../../../deploy/build/all_commands.ts";
import { COMMANDS } from "../../../src/cli/command_table.ts";
import { candidates } from "../../../src/cli/completion.ts";
import { TOKEN } from "../../support/administration.ts";
import { exchange } from "../../support/http_exchange.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";

const LONG_MS = 60_000;

Deno.test("words are completed to what the daemon knows for their place, and to nothing elsewhere", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: { refresh_interval: "0" } });
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(folder.join("token"), TOKEN);
  const core = new PublishedRepository(app.mirror).set("linux", 1).set("linux-lts", 1).set(
    "zlib",
    1,
  );
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);
  for (const name of ["linux", "linux-lts", "zlib"]) {
    await app.warm(`/core/os/x86_64/${name}-1-1-any.pkg.tar.zst`);
  }
  const authorization = `Bearer ${TOKEN}`;
  const pinned = { headers: { authorization } };
  await exchange(app.origin, "/api/v1/pins/linux*", { method: "PUT", ...pinned });
  await exchange(app.origin, "/api/v1/pins/zlib", { method: "PUT", ...pinned });
  const connection = ["--url", app.origin, `--token-file=${folder.join("token")}`];
  const offered = (line: string, last: string) => {
    const [command = "", ...rest] = line.split(" ");
    const words = rest.length === 0
      ? [command]
      : [command, rest[0]!, ...connection, ...rest.slice(1)];
    return candidates([...words, last], COMMANDS, LONG_MS);
  };
  assertEquals(await offered("packages show", "li"), ["linux", "linux-lts"]);
  assertEquals(await offered("packages show", ""), ["linux", "linux-lts", "zlib"]);
  assertEquals(await offered("packages list --repository", "co"), ["core/os/x86_64"]);
  // A glob would be the shell's.
  assertEquals(await offered("packages unpin", ""), ["zlib"]);
  assertEquals(await offered("clients show", ""), ["127.0.0.1"]);
  assertEquals(await offered("packages show linux", ""), []);
  assertEquals(await offered("packages show", "--js"), []);
  assertEquals(await candidates(["packages"], COMMANDS, LONG_MS), []);
  assertEquals(await candidates(["nothing", ""], COMMANDS, LONG_MS), []);
  assertEquals(await candidates([], COMMANDS, LONG_MS), []);
});

Deno.test("without a daemon or a token, completion offers nothing and reports no error", async () => {
  for (const { name, arguments: expected } of allCommands(COMMANDS)) {
    if (!expected?.some(({ completion }) => completion !== undefined)) continue;
    const words = [...name.split(" "), "--url", "http://127.0.0.1:1", "--token-file", "/nothing"];
    assertEquals(await candidates([...words, ""], COMMANDS, LONG_MS), [], name);
  }
});

Deno.test("a name that a shell would run is not offered", async () => {
  const name = "$(touch x)";
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () =>
      Response.json({
        pins: [name, "`x`", "a b", "-x", "a;b", "a\nb", "good"].map((pattern) => ({
          pattern,
          source: "api",
          since: new Date(0).toISOString(),
        })),
      }),
  );
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(folder.join("token"), TOKEN);
  const options = ["--url", `http://127.0.0.1:${server.addr.port}`];
  const words = ["packages", "unpin", ...options, "--token-file", folder.join("token"), ""];
  const found = await candidates(words, COMMANDS, LONG_MS);
  await server.shutdown();
  assertEquals(found, ["good"]);
});
