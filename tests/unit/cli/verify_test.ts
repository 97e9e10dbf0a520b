import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runCli } from "../../../src/cli/cli.ts";
import { EXIT_CODE } from "../../../src/cli/errors.ts";
import { TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TestApp } from "../../support/test_app.ts";
import { FakeTerminal } from "../../support/fake_terminal.ts";

const A = "core/os/x86_64/a-1-1-any.pkg.tar.zst";

/** A daemon with one package, and the options that lead to it. */
async function start() {
  const app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0", min_free_space: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const core = new PublishedRepository(app.mirror).set("a", 1);
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);
  await app.warm(`/${A}`);
  const tokenFile = join(app.app.config.cacheRoot, "token");
  await Deno.writeTextFile(tokenFile, TOKEN);
  const run = async (...args: string[]) => {
    const terminal = new FakeTerminal();
    const options = ["--url", app.origin, "--token-file", tokenFile];
    const code = await runCli(["verify", ...args, ...options], terminal);
    return { code, terminal };
  };
  return { app, run };
}

Deno.test("verify exits with 0 if nothing is wrong, and with 1 if something is, repaired or not", async () => {
  const { app, run } = await start();
  await using _ = app;
  const right = await run();
  assertEquals([right.code, right.terminal.errors], [EXIT_CODE.ok, ""]);
  assertMatch(right.terminal.printed, /^1 package read, 1000 B: no damage found\.$/m);
  assertMatch(right.terminal.drawings.join(), /\[#+\] 1000 B of 1000 B/);
  await Deno.truncate(app.pathOf(A), 10);
  const wrong = await run("core");
  assertEquals(wrong.code, EXIT_CODE.failure);
  assertEquals(
    wrong.terminal.printed,
    [
      `${A}: damaged, it has 10 bytes instead of 1000`,
      "1 package read, 0 B: 1 file damaged, 0 repaired.",
      "",
    ].join("\n"),
  );
  const repaired = await run("--repair");
  assertEquals(repaired.code, EXIT_CODE.failure);
  assertMatch(
    repaired.terminal.printed,
    /quarantined\n.*fetched again\n.*1 file damaged, 1 repaired\.\n$/,
  );
  assertEquals((await run()).code, EXIT_CODE.ok);
});

Deno.test("verify says why it cannot verify, and prints the API's lines with --json", async () => {
  const { app, run } = await start();
  await using _ = app;
  const unknown = await run("nope");
  assertEquals(unknown.code, EXIT_CODE.failure);
  assertMatch(unknown.terminal.errors, /Cannot verify nope: no such repository/);
  const { code, terminal } = await run("--json");
  assertEquals([code, terminal.drawings], [EXIT_CODE.ok, []]);
  const events = terminal.printed.trimEnd().split("\n").map((line) => JSON.parse(line).event);
  assertEquals([events[0], events.at(-1)], ["plan", "done"]);
});
