import { assert, assertEquals } from "@std/assert";
import { eventLoopTurn } from "../../../src/async/event_loop_turn.ts";
import { DaemonError } from "../../../src/builder/daemon_client.ts";
import { JobLog } from "../../../src/builder/job_log.ts";
import { inTempFolder } from "../../support/temp_folder.ts";

const CLOCK = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };

/** A daemon that keeps a log; it fails `failures` times, and once loses the end after `forgetTo`. */
class Daemon {
  text = "";
  failures = 0;
  forgetTo: number | null = null;

  appendLog(_job: string, offset: number, bytes: Uint8Array) {
    if (this.failures-- > 0) {
      return Promise.reject(new DaemonError("unreachable", "away"));
    }
    if (this.forgetTo !== null) {
      this.text = this.text.slice(0, this.forgetTo);
      this.forgetTo = null;
    }
    if (offset <= this.text.length) {
      this.text += new TextDecoder().decode(bytes).slice(this.text.length - offset);
    }
    return Promise.resolve({ next_offset: this.text.length, full: false });
  }
}

function logOf(folder: string, client: Daemon, maxBytes = 1_000_000): JobLog {
  return new JobLog(`${folder}/log`, { client, job: "x", maxBytes, clock: CLOCK });
}

Deno.test("a log arrives whole, even if the daemon is unreachable for a while or loses its end", async () => {
  await inTempFolder(async (folder) => {
    const daemon = new Daemon();
    const log = logOf(folder, daemon);
    let expected = "";
    for (let line = 0; line < 200; line++) {
      if (line === 50) daemon.failures = 3;
      if (line === 100) daemon.forgetTo = 5;
      log.add(new TextEncoder().encode(`line ${line}\n`));
      expected += `line ${line}\n`;
      if (line % 10 === 0) await eventLoopTurn();
    }
    await log.finish();
    assertEquals(daemon.text, expected);
  });
});

Deno.test("a log beyond its limit keeps its beginning and end, in whole lines", async () => {
  await inTempFolder(async (folder) => {
    for (const length of [900, 5_000, 100_000]) {
      const daemon = new Daemon();
      const log = new JobLog(`${folder}/${length}`, {
        ...{ client: daemon, job: "x", maxBytes: 4_000, clock: CLOCK },
      });
      const lines = Array.from({ length }, (_, line) => `line ${line}\n`);
      for (const line of lines) log.add(new TextEncoder().encode(line));
      log.note("failed: a test");
      await log.finish();
      const { text } = daemon;
      assert(text.length <= 4_000, `${text.length}`);
      assert(text.startsWith("line 0\nline 1\n"));
      assert(text.endsWith(`line ${length - 1}\n==> pkgstash-builder: failed: a test\n`));
      const leftOut = Number(/^==> (\d+) bytes are omitted here\.$/m.exec(text)?.[1]);
      const whole = `${lines.join("")}==> pkgstash-builder: failed: a test\n`;
      const kept = text.replace(/^==> (?:The log is|\d+ bytes).*\n/gm, "");
      assertEquals(kept.length + leftOut, whole.length);
      const known = new Set(whole.split("\n"));
      assert(kept.split("\n").every((line) => known.has(line)));
    }
  });
});
