import { assertEquals } from "@std/assert";
import {
  RefreshSchedule,
  type RefreshScheduleSettings,
} from "../../../../src/mirroring/refresh/refresh_schedule.ts";
import { LogLines } from "../../../support/log_lines.ts";

const HOUR = 3_600_000;

function settings(refreshIntervalMs: number): RefreshScheduleSettings {
  return { refreshIntervalMs, refreshJitterMs: 0 };
}

/** A schedule whose first refresh is due at once, and the refreshes that it has started. */
function scheduleOf(refresh: () => Promise<void> = () => Promise.resolve()) {
  const started = { count: 0, first: Promise.withResolvers<void>() };
  const schedule = new RefreshSchedule({
    cycle: {
      runInTurn: () => {
        started.count++;
        started.first.resolve();
        return refresh();
      },
    },
    lastRefresh: { untilDue: () => Promise.resolve(0) },
  });
  return { schedule, started };
}

/** Lets due timers fire. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("a schedule starts the first refresh when it is due", async () => {
  const { schedule, started } = scheduleOf();
  await schedule.reschedule(settings(HOUR));
  await started.first.promise;
  await schedule.stop();
  assertEquals(started.count, 1);
});

Deno.test("a schedule with an interval of 0 starts no refresh", async () => {
  const { schedule, started } = scheduleOf();
  await schedule.reschedule(settings(HOUR));
  await schedule.reschedule(settings(0));
  await settle();
  await schedule.stop();
  assertEquals(started.count, 0);
});

Deno.test("a schedule is replaced in the order of the calls", async () => {
  const slow = Promise.withResolvers<number>();
  let calls = 0;
  let started = 0;
  const schedule = new RefreshSchedule({
    cycle: { runInTurn: () => Promise.resolve(void started++) },
    lastRefresh: { untilDue: () => calls++ === 0 ? slow.promise : Promise.resolve(0) },
  });
  const both = Promise.all([
    schedule.reschedule(settings(HOUR)),
    schedule.reschedule(settings(0)),
  ]);
  await settle();
  slow.resolve(0);
  await both;
  await settle();
  await schedule.stop();
  assertEquals(started, 0);
});

Deno.test("a stopped schedule starts no refresh, even if it is replaced afterwards", async () => {
  const { schedule, started } = scheduleOf();
  const rescheduled = schedule.reschedule(settings(HOUR));
  await schedule.stop();
  await rescheduled;
  await schedule.reschedule(settings(1));
  await settle();
  assertEquals(started.count, 0);
});

Deno.test("a schedule waits at its end for a refresh that it has started, replaced or not", async () => {
  const refresh = Promise.withResolvers<void>();
  const { schedule, started } = scheduleOf(() => refresh.promise);
  await schedule.reschedule(settings(HOUR));
  await started.first.promise;
  await schedule.reschedule(settings(0));
  let isStopped = false;
  const stopped = schedule.stop().then(() => isStopped = true);
  await settle();
  assertEquals(isStopped, false);
  refresh.resolve();
  await stopped;
});

Deno.test("a refresh out of schedule that fails is logged, and does not throw", async () => {
  const log = new LogLines();
  const { schedule } = scheduleOf(() => Promise.reject(new Error("no mirror")));
  await schedule.runNow();
  assertEquals(log.matching(/WARN\S* refresh failed .*no mirror/).length, 1);
});

Deno.test("refreshes out of schedule that wait for their turn are one", async () => {
  const turn = Promise.withResolvers<void>();
  const { schedule, started } = scheduleOf(() => turn.promise);
  const both = [schedule.runNow(), schedule.runNow()];
  turn.resolve();
  await Promise.all(both);
  assertEquals(started.count, 1);
  await schedule.runNow();
  assertEquals(started.count, 2);
});
