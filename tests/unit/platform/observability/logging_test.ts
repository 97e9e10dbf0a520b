import { assertEquals } from "@std/assert";
import { resetSync } from "@logtape/logtape";
import { fromFileUrl } from "@std/path";
import {
  configureLogging,
  currentLogLevel,
  eventLogger,
  logAccess,
  setLogLevel,
} from "../../../../src/platform/observability/logging.ts";

function withLines(run: (lines: string[]) => void): void {
  const lines: string[] = [];
  try {
    run(lines);
  } finally {
    resetSync();
  }
}

Deno.test("the level decides what is written, and can be changed at any time", () => {
  withLines((lines) => {
    const log = eventLogger("mirror");
    assertEquals(currentLogLevel(), "info");
    log.error("before logging is configured");
    configureLogging({ level: "warning", format: "text", write: (line) => lines.push(line) });
    assertEquals(currentLogLevel(), "warning");
    log.info("too quiet");
    logAccess({ path: "too quiet" });
    log.warn("heard", { mirror: "a" });
    setLogLevel("debug");
    assertEquals(currentLogLevel(), "debug");
    log.debug("heard now");
    eventLogger("another").debug("also heard");
    setLogLevel("error");
    log.warn("not any more");
    assertEquals(lines.map((line) => line.replace(/^\S+ /, "")), [
      "WARNING heard mirror=a",
      "DEBUG heard now",
      "DEBUG also heard",
    ]);
  });
});

Deno.test("the format can be changed by configuring again", () => {
  withLines((lines) => {
    configureLogging({ level: "info", format: "text", write: () => lines.push("text") });
    configureLogging({ level: "info", format: "json", write: (line) => lines.push(line) });
    logAccess({ status: 200 });
    const [only, ...others] = lines.map((line) => JSON.parse(line));
    assertEquals([only.logger, only.status, others.length], ["pkgstash.access", 200, 0]);
  });
});

Deno.test("secrets are not written", () => {
  withLines((lines) => {
    configureLogging({
      level: "info",
      format: "json",
      secrets: ["hunter2"],
      write: (line) => lines.push(line),
    });
    eventLogger("server").info("started with hunter2", { url: "/x/hunter2" });
    assertEquals(lines.length, 1);
    assertEquals(lines[0]!.includes("hunter2"), false);
  });
});

Deno.test("a level can be set before logging is configured", () => {
  withLines(() => {
    setLogLevel("error");
    assertEquals(currentLogLevel(), "error");
  });
});

function startLoggingProgram(lines: number): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "tests/unit/platform/observability/logging_program.ts", String(lines)],
    cwd: fromFileUrl(new URL("../../../../", import.meta.url)),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("lines go to the standard output", async () => {
  await using child = startLoggingProgram(1000);
  await child.stdin.close();
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  assertEquals([(await child.status).code, err], [0, "done"]);
  const lines = out.trimEnd().split("\n");
  assertEquals(lines.length, 1000);
  assertEquals(lines[999]!.replace(/^\S+ /, ""), "INFO request number=999");
});

Deno.test("logging to a closed standard output does not stop the program", async () => {
  await using child = startLoggingProgram(1000);
  await child.stdout.cancel();
  await child.stdin.close();
  const err = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, err], [0, "done"]);
});

Deno.test("logging to a standard output that nobody reads does not stop the program", async () => {
  await using child = startLoggingProgram(100_000);
  await child.stdin.close();
  const err = child.stderr.getReader();
  const { value } = await err.read();
  assertEquals(new TextDecoder().decode(value), "done");
  const lines = (await new Response(child.stdout).text()).trimEnd().split("\n");
  const lost = Number(/log lines dropped.* count=(\d+)$/.exec(lines.at(-1)!)?.[1]);
  assertEquals(lines.length - 1 + lost, 100_000);
  await err.cancel();
  assertEquals((await child.status).code, 0);
});
