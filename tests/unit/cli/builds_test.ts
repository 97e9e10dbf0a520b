import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LogLines } from "../../../src/cli/commands/builds_log.ts";
import { EXIT_CODE } from "../../../src/cli/errors.ts";
import { TOKEN } from "../../support/administration.ts";
import { builtPackage } from "../../support/builds.ts";
import { BuildsApp } from "../../support/builds_app.ts";
import { ownPackage } from "../../support/own_package.ts";
import { pkgstash } from "./administration_child.ts";

async function start() {
  const tables = () => '[builds]\npackager = "Builds <builds@example.invalid>"\n';
  const app = await BuildsApp.start({ tables });
  await app.createRepository();
  const env = { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: app.app.origin };
  const run = (...args: string[]) => pkgstash(args, { env });
  const printed = async (...args: string[]) => {
    const { code, out, err } = await run(...args);
    assertEquals([code, err], [EXIT_CODE.ok, ""]);
    return out;
  };
  return { app, run, printed };
}

Deno.test("builds are listed with what each waits for, and shown with what is unusual", async () => {
  const { app, run, printed } = await start();
  await using _ = app;
  assertMatch(await printed("builds"), /^There are no builds\.\n\nNo builder has connected/);
  const builder = await app.builder("b1");
  await app.enqueue("foo");
  await app.enqueue("bar", { needs: ["foo"] });
  const job = (await builder.lease())!;
  assertMatch(
    await printed("builds"),
    / 2 {2}bar +1\.0-1 +x86_64 .*waiting: it needs foo, build 1/,
  );
  await builder.finish(job.id, [await ownPackage("foo")]);
  assertMatch(await printed("builds", "list", "--state", "held"), / 1 {2}foo .*held: foo: it na/);
  const shown = await printed("builds", "show", "foo");
  assertStringIncludes(shown, "Build 1, foo 1.0-1 for x86_64");
  assertMatch(shown, /1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}b1, built after/);
  assertStringIncludes(shown, "foo: it names another packager (Builds <builds@");
  assertEquals(
    await printed("builds", "approve", "foo", "--reason", "seen"),
    "build 1, foo 1.0-1 for x86_64: published\n",
  );
  assertEquals(
    await printed("builds", "rebuild", "foo"),
    "Queued build 3, foo 1.0-1.1 for x86_64.\n",
  );
  assertEquals(JSON.parse(await printed("builds", "show", "3", "--json")).version, "1.0-1.1");
  assertStringIncludes(await printed("builds", "cancel", "3"), "cancelled");
  assertStringIncludes(await printed("builds", "retry", "3"), "waiting for a builder");
  const refused = await run("builds", "refuse", "3");
  assertEquals(refused.code, EXIT_CODE.failure);
  assertStringIncludes(refused.err, "it is waiting, not held");
  const unknown = await run("builds", "show", "nothing");
  assertStringIncludes(unknown.err, "Cannot find a build of nothing");
});

Deno.test("a log is followed to its end, and cannot affect the terminal", async () => {
  const { app, printed } = await start();
  await using _ = app;
  const builder = await app.builder("b1");
  await app.enqueue("foo");
  const job = (await builder.lease())!;
  const following = printed("builds", "log", "-f", "foo");
  await builder.log(job.id, 0, "==> Making\r\n\x1b]0;owned\x07\x1b[2Jred\t| 50%\r100%\nend");
  await builder.finish(job.id, [await builtPackage("foo")]);
  const text = "==> Making\n\\u{001b}]0;owned\\u{0007}\\u{001b}[2Jred  | 50%\n100%\nend\n";
  assertEquals(await following, text);
  assertEquals(await printed("builds", "log", "1", "--attempt", "1"), text);
});

Deno.test("a log is searched to its end, and each match has its line number", async () => {
  const { app, run, printed } = await start();
  await using _ = app;
  const builder = await app.builder("b1");
  await app.enqueue("foo");
  const job = (await builder.lease())!;
  const lines = Array.from({ length: 2_500 }, (_, index) => `needle ${index + 1}\x1b[2J`);
  await builder.log(job.id, 0, `${lines.join("\n")}\nmain.c:1: error: no such thing\nend\n`);
  await builder.finish(job.id, [await builtPackage("foo")]);
  const found = (await printed("builds", "log", "foo", "--search", "NEEDLE")).split("\n");
  assertEquals(found.length, 2_501, "all of them, and the end of the last line");
  assertEquals(found[2_499], "2500: needle 2500");
  assertEquals(
    await printed("builds", "log", "foo", "--errors"),
    "2501: main.c:1: error: no such thing\n",
  );
  assertEquals(
    JSON.parse(await printed("builds", "log", "foo", "--errors", "--json")),
    { line: 2_501, text: "main.c:1: error: no such thing" },
  );
  const nothing = await run("builds", "log", "foo", "--search", "haystack");
  assertEquals([nothing.code, nothing.out], [EXIT_CODE.ok, ""]);
  assertStringIncludes(nothing.err, 'No line of the log contains "haystack"');
  for (const wrong of [["--search", "a", "--errors"], ["--search", "a", "-f"], ["--search", ""]]) {
    assertEquals((await run("builds", "log", "foo", ...wrong)).code, EXIT_CODE.usage);
  }
});

Deno.test("lines of a log are the same wherever its parts are cut", () => {
  const text = "one\r\ntwo\rthree\n\nfour\r";
  const wanted = ["one", "two", "three", "", "four"];
  for (let size = 1; size <= text.length; size++) {
    const lines: string[] = [];
    const log = new LogLines((line) => lines.push(line));
    for (let at = 0; at < text.length; at += size) log.push(text.slice(at, at + size));
    log.finish();
    assertEquals(lines, wanted, `${size}`);
  }
});

Deno.test("a line without an end is printed in parts", () => {
  const lines: string[] = [];
  const log = new LogLines((line) => lines.push(line));
  for (let part = 0; part < 100; part++) log.push("x".repeat(10_000));
  assertEquals(lines.length > 10, true);
});
