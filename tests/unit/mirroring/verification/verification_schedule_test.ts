import { assertEquals } from "@std/assert";
import { VerificationSchedule } from "../../../../src/mirroring/verification/verification_schedule.ts";
import type { VerificationReport } from "../../../../src/mirroring/verification/verification.ts";
import { LogLines } from "../../../support/log_lines.ts";

/** A schedule whose first run is due at once; `runs` resolves for each in turn. */
function scheduleOf(run: () => Promise<VerificationReport>) {
  const recorded: string[] = [];
  const schedule = new VerificationSchedule({
    verification: { runInTurn: run },
    last: {
      untilDue: () => Promise.resolve(0),
      record: () => Promise.resolve(void recorded.push("verified")),
    },
  });
  return { schedule, recorded };
}

Deno.test("a scheduled verification repairs all repositories, and is recorded", async () => {
  const requested = Promise.withResolvers<unknown>();
  const { schedule, recorded } = scheduleOf((...request: unknown[]) => {
    requested.resolve(request[0]);
    return Promise.resolve({} as VerificationReport);
  });
  await schedule.reschedule(1000);
  assertEquals(await requested.promise, { repair: true, repository: null });
  await schedule.stop();
  assertEquals(recorded, ["verified"]);
});

Deno.test("a scheduled verification that fails is logged and not recorded", async () => {
  const log = new LogLines();
  const { schedule, recorded } = scheduleOf(() => Promise.reject(new Error("no disk")));
  await schedule.reschedule(1000);
  await log.waitFor(/verification failed.*no disk/);
  await schedule.stop();
  assertEquals(recorded, []);
});

Deno.test("nothing is verified on a schedule of 0, nor after the end", async () => {
  const { schedule } = scheduleOf(() => Promise.reject(new Error("must not run")));
  await schedule.reschedule(0);
  await schedule.stop();
});
