import { assertEquals } from "@std/assert";
import { formatTimeWindow, parseTimeWindow, untilOpen } from "../../../src/config/time_window.ts";

Deno.test("a time window is read as it is written, and nothing else is read as one", () => {
  for (const text of ["01:00-06:30", "22:00-05:00", "00:00-23:59"]) {
    assertEquals(formatTimeWindow(parseTimeWindow(text)!), text);
  }
  for (const text of ["", "1:00-2:00", "24:00-01:00", "01:60-02:00", "03:00-03:00", "01:00"]) {
    assertEquals(parseTimeWindow(text), null, text);
  }
});

Deno.test("a window is open from its start to before its end, past midnight as well", () => {
  const at = (time: string) => new Date(`2026-11-23T${time}`);
  const minutes = (window: string, time: string) =>
    untilOpen(parseTimeWindow(window)!, at(time)) / 60_000;
  assertEquals(minutes("01:00-06:00", "01:00:00"), 0);
  assertEquals(minutes("01:00-06:00", "05:59:59"), 0);
  assertEquals(minutes("01:00-06:00", "06:00:00"), 19 * 60);
  assertEquals(minutes("01:00-06:00", "00:30:30"), 29.5);
  assertEquals(minutes("22:00-05:00", "23:00:00"), 0);
  assertEquals(minutes("22:00-05:00", "04:00:00"), 0);
  assertEquals(minutes("22:00-05:00", "12:00:00"), 10 * 60);
});
