import { assert, assertEquals } from "@std/assert";
import { Activity, type Deed } from "../../../src/administration/activity.ts";
import type { NewEvent } from "../../../src/administration/event.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { LogLines } from "../../support/log_lines.ts";

const MINUTE_MS = 60_000;

function deed(subject: string, details: Record<string, unknown> = {}): Deed {
  return { kind: "download", action: "Continue with another mirror", subject, details };
}

/** An activity whose time a test sets, and what it has written. */
function started() {
  const time = { now: 0 };
  const written: NewEvent[] = [];
  const log = {
    recordActivity: (event: NewEvent) => {
      written.push(event);
      return Promise.resolve();
    },
  };
  const activity = new Activity(log, { clock: { monotonic: () => time.now } });
  return { time, written, activity };
}

Deno.test("the first of similar deeds is recorded at once, and those of the next minute together", () => {
  const { time, written, activity } = started();
  activity.note(deed("slow.example", { file: "a" }));
  assertEquals(written.map(({ details }) => details), [{ file: "a" }]);
  for (const file of ["b", "c", "d"]) activity.note(deed("slow.example", { file }));
  activity.note(deed("other.example", { file: "e" }));
  assertEquals(written.length, 2);
  time.now += MINUTE_MS;
  activity.note(deed("slow.example", { file: "f" }));
  assertEquals(written.map(({ details }) => details), [
    { file: "a" },
    { file: "e" },
    { file: "d", times: 3 },
    { file: "f" },
  ]);
  activity.close();
});

Deno.test("accumulated repetitions are recorded at the end", () => {
  const { written, activity } = started();
  for (let time = 0; time < 3; time++) activity.note(deed("a"));
  activity.close();
  assertEquals(written.map(({ details }) => details), [{}, { times: 2 }]);
  activity.note(deed("too late"));
  assertEquals(written.length, 2);
});

Deno.test("the number of different deeds is limited, and omitted ones are counted", () => {
  const { time, written, activity } = started();
  for (let number = 0; number < 1000; number++) activity.note(deed(`${number}`));
  assertEquals(written.length, 200);
  time.now += MINUTE_MS;
  activity.note(deed("next"));
  assertEquals(
    written.slice(200).map(({ kind, action, details }) => [kind, action, details]),
    [
      ["daemon", "Skip further events", { times: 800 }],
      ["download", "Continue with another mirror", {}],
    ],
  );
  activity.close();
});

Deno.test("a password in the address of a mirror is not recorded", () => {
  const { written, activity } = started();
  activity.note(deed("m", { why: "http://user:secret@mirror.example/ answered 500" }));
  assert(!JSON.stringify(written).includes("secret"));
  activity.close();
});

Deno.test("a rejected write is logged once, and fails nobody", async () => {
  const log = new LogLines();
  let isFull = true;
  const failing = {
    recordActivity: () =>
      isFull ? Promise.reject(new PkgstashError("storage", "no space left")) : Promise.resolve(),
  };
  const activity = new Activity(failing);
  const failures = () => log.matching(/cannot record events.*no space left/).length;
  for (const subject of ["a", "b", "c"]) activity.note(deed(subject));
  await log.waitFor(/cannot record events/);
  assertEquals(failures(), 1);
  isFull = false;
  activity.note(deed("d"));
  await Promise.resolve();
  isFull = true;
  activity.note(deed("e"));
  await log.waitFor(/cannot record events/, 2);
  activity.close();
});
