import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runCli } from "../../../src/cli/cli.ts";
import { EXIT_CODE } from "../../../src/cli/errors.ts";
import { TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { Gate } from "../../support/fake_mirror.ts";
import { TestApp } from "../../support/test_app.ts";
import { FakeTerminal } from "../../support/fake_terminal.ts";

/** A daemon that has version 1 of the package a, and that prefetches version 2 when refreshed. */
async function withNewVersion(size: number) {
  const app = await TestApp.start({
    token: TOKEN,
    settings: {
      database_max_age: "0s",
      refresh_interval: "0",
      min_free_space: "0",
    },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const core = new PublishedRepository(app.mirror).set("a", 1);
  await core.publish();
  for (const path of [core.path("core.db"), core.package("a", 1)]) await app.warm(path);
  await core.set("a", 2, { size }).publish();
  const tokenFile = join(app.app.config.cacheRoot, "token");
  await Deno.writeTextFile(tokenFile, TOKEN);
  return { app, core, options: ["--url", app.origin, "--token-file", tokenFile] };
}

Deno.test("a refresh on a terminal shows the progress of each package, and finally the total", async () => {
  const size = 400_000;
  const { app, core, options } = await withNewVersion(size);
  await using _ = app;
  const gate = new Gate();
  app.mirror.behave(core.package("a", 2), { kind: "gate", gate, bytes: 200_000 });
  const terminal = new FakeTerminal();
  const half = terminal.drawn(
    /Prefetch +\[#{9}-{9}\] 0 of 1, 195\.3 KiB of 390\.6 KiB, .*\/s\n {2}\[#{5}-{5}\] a-2-1-any/,
  );
  const running = runCli(["refresh", ...options], terminal);
  await gate.reached;
  await half;
  gate.release();
  assertEquals([await running, terminal.errors, terminal.printed], [EXIT_CODE.ok, "", ""]);
  assertMatch(
    terminal.drawings.at(-1)!,
    // deno-lint-ignore no-control-regex -- the cursor goes up before a drawing
    /^\x1b\[\d+F\x1b\[JDatabases +\[#+\] 1 of 1, 1 updated\nPrefetch +\[#+\] 1 of 1, .*\nCleanup .*\n$/,
  );
});

/** A daemon with a download that waits in the middle until the test finishes it. */
async function withHeldDownload() {
  const { app, core, options } = await withNewVersion(4000);
  const gate = new Gate();
  app.mirror.behave(core.package("a", 2), { kind: "gate", gate, bytes: 2000 });
  const pending = app.get(core.package("a", 2));
  await gate.reached;
  const finish = async () => {
    gate.release();
    await pending;
  };
  return { app, options, finish };
}

Deno.test("downloads fit a narrow terminal, and keep the name, the size and the time left", async () => {
  const { app, options, finish } = await withHeldDownload();
  await using _ = app;
  const watched = [40, 60, 80].map((columns) => {
    const terminal = new FakeTerminal(columns);
    return {
      terminal,
      first: terminal.drawn(/ of 3\.9 KiB/),
      run: runCli(["downloads", ...options], terminal),
    };
  });
  for (const { terminal, first } of watched) {
    await first;
    // deno-lint-ignore no-control-regex -- the cursor goes up before a drawing
    const lines = terminal.drawings.at(-1)!.replace(/^\x1b\[\d+F\x1b\[J/, "").split("\n");
    const [titles, row] = lines;
    assertEquals(lines.filter(({ length }) => length >= terminal.columns), []);
    assertMatch(titles!, / LEFT /);
    assertMatch(row!, / a-2-1-any/);
  }
  await finish();
  await app.stop();
  for (const { run } of watched) assertEquals(await run, EXIT_CODE.unreachable);
});

Deno.test("downloads on a terminal are redrawn, or printed once with --once", async () => {
  const { app, options, finish } = await withHeldDownload();
  await using _ = app;
  const terminal = new FakeTerminal();
  assertEquals(await runCli(["downloads", "--once", ...options], terminal), EXIT_CODE.ok);
  assertEquals(terminal.drawings, []);
  assertMatch(terminal.printed, /a-2-1-any/);
  const first = terminal.drawn(/a-2-1-any/);
  const watching = runCli(["downloads", ...options], terminal);
  await first;
  const empty = terminal.drawn(/Nothing is being downloaded/);
  await finish();
  await empty;
  await app.stop();
  // The daemon is gone, which ends it.
  assertEquals(await watching, EXIT_CODE.unreachable);
});
