// What the documents say about the program. Generated parts are compared in deploy/generated_test.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import manifest from "../../deno.json" with { type: "json" };
import { allCommands } from "../../deploy/build/all_commands.ts";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/command_table.ts";
import { EXIT_CODE } from "../../src/cli/errors.ts";
import { CACHE_STATUSES } from "../../src/repositories/send_file.ts";
import { REQUEST_RESULTS } from "../../src/platform/observability/metrics.ts";
import { sendSignal, startProgram } from "../support/child_process.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { capture } from "./cli/captured_output.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));
const read = (path: string) => Deno.readTextFile(join(PROJECT, path));

const documents = new Map<string, string>();
for (const folder of [".", "docs"]) {
  for (const { name } of Deno.readDirSync(join(PROJECT, folder))) {
    if (name.endsWith(".md")) documents.set(join(folder, name), await read(join(folder, name)));
  }
}
const readme = documents.get("README.md")!;

Deno.test("every link leads to a file or to a heading that exists", async (t) => {
  for (const [path, text] of documents) {
    await t.step(path, async () => {
      for (const target of localLinks(text)) {
        const [file = "", anchor] = target.split("#");
        const linked = file === "" ? path : join(dirname(path), file);
        assert(await exists(linked), `${path} links to ${linked}`);
        if (anchor === undefined) continue;
        assert(anchorsOf(documents.get(linked)!).includes(anchor), `${path} links to ${target}`);
      }
    });
  }
});

Deno.test("the documents name only tasks that exist", async (t) => {
  for (const [path, text] of documents) {
    await t.step(path, () => {
      for (const [, task] of text.matchAll(/(?:deno|deno@\S+) task (\w+)/g)) {
        assert(task! in manifest.tasks, `deno task ${task}`);
      }
    });
  }
});

Deno.test("a command in a clone prints nothing of its own to standard error", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "pkgstash", "help"],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0);
  const lines = new TextDecoder().decode(stderr).split("\n").filter((line) => line !== "");
  assertEquals(lines, [`Task pkgstash ${manifest.tasks.pkgstash.command} 'help'`]);
});

Deno.test("every pkgstash command in the documents and in help is one that the program takes", async (t) => {
  const examples = allCommands(COMMANDS).flatMap(({ examples }) => examples)
    .map(({ command }) => `    ${command.replace(/^[A-Z_]+=\S+ /, "")}`).join("\n");
  const commands = [...documents, ["help", examples] as const].flatMap(([path, text]) =>
    [...text.matchAll(/^ {4}(?:sudo |deno task )?pkgstash ([^\n]*)$/gm)]
      .map(([, line]) => ({ path, line: line!.replace(/ +#.*$|[<>|].*$| &&.*$/, "").trim() }))
  );
  assert(commands.length > 20);
  for (const { path, line } of commands) {
    await t.step(`${path}: pkgstash ${line}`, async () => {
      const words = line.match(/"[^"]*"|'[^']*'|\S+/g)!.map((word) => word.replaceAll(/["']/g, ""));
      const { code, err } = await capture(words, idle(COMMANDS));
      assertEquals([code, err], [0, ""]);
    });
  }
});

Deno.test("the command for a cache elsewhere may write there, and its state stays in the clone", async () => {
  const [, line] = /^ {4}deno (run .*\/your\/cache .*)$/m.exec(
    documents.get("docs/configuration.md")!,
  )!;
  await using cache = await TempFolder.create();
  await Deno.mkdir(join(PROJECT, "dist"), { recursive: true });
  const state = await Deno.makeTempDir({ dir: join(PROJECT, "dist") });
  const words = line!.replace("/your/cache", cache.path).split(" ");
  const daemon = startProgram([Deno.execPath(), ...words], {
    cwd: PROJECT,
    env: {
      PKGSTASH_CACHE_ROOT: cache.path,
      PKGSTASH_STATE_ROOT: state,
      PKGSTASH_LISTEN_ADDRESS: "127.0.0.1",
      PKGSTASH_PORT: "0",
      PKGSTASH_REFRESH_INTERVAL: "0",
      PKGSTASH_MIRROR_URLS: "http://127.0.0.1:1/",
    },
  });
  const complaints = new Response(daemon.stderr).text();
  let output = "";
  for await (const text of daemon.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    if (output.includes("token")) sendSignal(daemon.pid, "SIGKILL");
  }
  await daemon.status;
  await Deno.remove(state, { recursive: true });
  assertStringIncludes(output, `keeps packages in ${cache.path}`, await complaints);
  assertStringIncludes(output, `token is in ${state}/token`, await complaints);
});

/** Commands that do nothing when they are run. */
function idle(commands: readonly Command[]): Command[] {
  return commands.map((command) => ({
    ...command,
    ...(command.subcommands === undefined ? {} : { subcommands: idle(command.subcommands) }),
    run: () => Promise.resolve(EXIT_CODE.ok),
  }));
}

Deno.test("the README starts and tests pkgstash with one command each, and stays short", () => {
  for (const task of ["start", "ok"]) {
    assertMatch(readme, new RegExp(`^    npx -y deno@[\\d.]+ task ${task}$`, "m"));
  }
  const handwritten = readme.replaceAll(/<!-- generated: [^]*?<!-- end -->/g, "");
  assert(handwritten.split("\n").length <= 150);
});

Deno.test("the gate runs the README's test command with the README's version of Deno", async () => {
  const gate = await read(".ci/run");
  const [, version, task] = /^ {4}npx -y deno@([\d.]+) task (ok)$/m.exec(readme)!;
  assertMatch(gate, new RegExp(`^part deno task ${task}$`, "m"));
  assertStringIncludes(gate, `deno_version=${version}\n`);
  for (const [path, text] of documents) {
    for (const [, other] of text.matchAll(/deno@([\d.]+)/g)) assertEquals(other, version, path);
  }
});

Deno.test("administration.md explains every value of X-Cache and every result of requests", () => {
  const administration = documents.get("docs/administration.md")!;
  const explained = [...administration.matchAll(/^\| `([A-Z]+)` /gm)].map(([, value]) => value!);
  assertEquals(explained.toSorted(), CACHE_STATUSES.toSorted());
  for (const result of REQUEST_RESULTS) assertStringIncludes(administration, `\`${result}\``);
});

Deno.test("security.md names a test for each claim, and every test that it names exists", async (t) => {
  const text = documents.get("docs/security.md")!;
  const files = new Map(
    [...text.matchAll(/^\[(\w+)\]: \.\.\/(tests\/\S+)$/gm)].map(([, name, path]) => [name!, path!]),
  );
  const claims = text.split(/^(?=- \*\*)/m).slice(1).map((claim) => claim.split("\n\n")[0]!);
  for (const claim of claims) assertMatch(claim, /\]\[\w+\]/);
  const named = [...text.matchAll(/\[([^\][]+)\]\[(\w+)\]/g)];
  assert(named.length >= claims.length);
  for (const [, words, file] of named) {
    const name = words!.replaceAll(/\s+/g, " ");
    await t.step(name, async () => {
      const path = files.get(file!);
      assert(path !== undefined, `[${file}] is no test`);
      assert((await read(path)).includes(`"${name}"`), `${path} has no such test`);
    });
  }
  const used = new Set(named.map(([, , file]) => file!));
  assertEquals([...files.keys()].filter((file) => !used.has(file)), []);
});

Deno.test("the changelog has the version of deno.json and a section for what comes next", () => {
  const headings = [...documents.get("CHANGELOG.md")!.matchAll(/^## \[([^\]]+)\]/gm)]
    .map(([, version]) => version!);
  assertEquals(headings.slice(0, 2), ["Unreleased", manifest.version]);
});

/** Targets of links within the project, anchors included. */
function localLinks(text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)];
  return links.map(([, inline, reference]) => inline ?? reference!)
    .filter((target) => !/^https?:/.test(target));
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(/[^\w\s-]/g, "").replaceAll(" ", "-")
  );
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(join(PROJECT, path)).then(() => true, () => false);
}
