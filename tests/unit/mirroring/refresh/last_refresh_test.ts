import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { LastRefresh } from "../../../../src/mirroring/refresh/last_refresh.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

Deno.test("a missed refresh is due a minute after the start, any other an interval after the last", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "last-refresh");
  const last = new LastRefresh(path);
  assertEquals(await last.untilDue(6 * HOUR, Date.now()), MINUTE, "none yet");
  await last.record();
  const recorded = (await Deno.stat(path)).mtime!.getTime();
  assertEquals(await last.untilDue(6 * HOUR, recorded + 2 * HOUR), 4 * HOUR);
  assertEquals(await last.untilDue(6 * HOUR, recorded + 7 * HOUR), MINUTE);
  assertEquals(await last.untilDue(6 * HOUR, recorded - 9 * HOUR), 6 * HOUR, "clock set back");
  assertEquals(await last.untilDue(20, recorded + HOUR), 20, "more often than once a minute");
  await Deno.remove(directory, { recursive: true });
});
