import { assertEquals } from "@std/assert";
import { LoginBrake } from "../../../../src/server/admin/login_brake.ts";

Deno.test("after five wrong tokens an address waits, longer with each further one", () => {
  let now = 0;
  const brake = new LoginBrake(() => now);
  const waits: number[] = [];
  for (let count = 0; count < 14; count++) {
    now += brake.waitMs("192.0.2.1");
    brake.failed("192.0.2.1");
    waits.push(brake.waitMs("192.0.2.1") / 1000);
  }
  assertEquals(waits, [0, 0, 0, 0, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
});

Deno.test("other addresses do not wait, except those in the same IPv6 network", () => {
  const brake = new LoginBrake(() => 0);
  for (let count = 0; count < 5; count++) brake.failed(`2001:db8::${count}`);
  assertEquals(brake.waitMs("2001:db8::99"), 10_000);
  assertEquals(brake.waitMs("2001:db8:0:1::1"), 0);
  assertEquals(brake.waitMs("192.0.2.1"), 0);
});

Deno.test("the right token, or an hour without wrong ones, ends the wait", () => {
  let now = 0;
  const brake = new LoginBrake(() => now);
  for (let count = 0; count < 6; count++) brake.failed("192.0.2.1");
  brake.succeeded("192.0.2.1");
  assertEquals(brake.waitMs("192.0.2.1"), 0);
  for (let count = 0; count < 20; count++) brake.failed("192.0.2.1");
  now += 3_600_001;
  brake.failed("192.0.2.1");
  assertEquals(brake.waitMs("192.0.2.1"), 0);
});
