import { assert, assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { runDemo } from "../demo/run_demo.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));

function startDemo(): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-P=demo", "tests/demo/demo.ts"],
    cwd: PROJECT,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

function cacheRootIn(output: string): string {
  const cacheRoot = /cache in (\S+)$/m.exec(output)?.[1];
  assert(cacheRoot !== undefined, output);
  return cacheRoot;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("the demo survives everything, fits a terminal and leaves nothing behind", async () => {
  const { code, stdout, stderr } = await startDemo().output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(code, 0, text + new TextDecoder().decode(stderr));
  assertMatch(text, /Every byte was right: \d\d files/);
  assertEquals(text.match(/✓/g)?.length, 8);
  for (const line of text.split("\n")) assertLessOrEqual(line.length, 100, line);
  assert(!text.includes("\x1b"), "no colours where there is no terminal");
  assert(!await exists(cacheRootIn(text)), "the cache is gone");
});

Deno.test("the demo fails when a client gets one wrong byte", async () => {
  const lines: string[] = [];
  const passed = await runDemo({ write: (line) => lines.push(line), haste: 10, tamper: true });
  assertEquals(passed, false);
  const faults = lines.filter((line) => line.includes("wrong bytes"));
  const reported = faults.filter((line) => line.includes("new-laptop, linux-6.17.8-1"));
  assert(reported.length >= 1, lines.join("\n"));
  assertMatch(lines.at(-1)!, /Not everything was right/);
});

Deno.test("an interrupted demo cleans up", async () => {
  const demo = startDemo();
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of demo.stdout) {
    output += decoder.decode(chunk, { stream: true });
    // Five transfers are under way.
    if (output.includes("JOIN")) break;
  }
  demo.kill("SIGINT");
  const error = await new Response(demo.stderr).text();
  assertEquals((await demo.status).code, 130, error);
  assertMatch(error, /Interrupted/);
  assert(!await exists(cacheRootIn(output)), "the cache is gone");
});
