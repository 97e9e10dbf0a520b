// The units, as systemd reads them without booting.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runCommand } from "../../support/child_process.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const DEPLOY = new URL("../../../deploy/", import.meta.url).pathname;

for (const unit of ["pkgstash.service", "pkgstash-refresh.service"]) {
  Deno.test(`${unit} has an exposure of at most 1.5 by systemd's rating`, async () => {
    const output = await runCommand([
      "systemd-analyze",
      "security",
      "--offline=true",
      join(DEPLOY, unit),
    ]);
    const rating = Number(/exposure level for .*: ([\d.]+) /.exec(output)![1]);
    console.log(`exposure of ${unit}: ${rating}`);
    assert(rating <= 1.5, output);
  });
}

Deno.test("the units have no mistake that systemd finds", async () => {
  await using folder = await TempFolder.create("pkgstash-units-");
  const units = ["pkgstash.service", "pkgstash-refresh.service", "pkgstash-refresh.timer"];
  for (const unit of units) {
    // Neither the program nor its manual is installed here.
    const text = (await Deno.readTextFile(join(DEPLOY, unit)))
      .replace("/usr/bin/pkgstash", "/bin/true").replace(/^Documentation=.*$/m, "");
    await Deno.writeTextFile(folder.join(unit), text);
  }
  const files = units.map((unit) => folder.join(unit));
  assertEquals(
    await runCommand(["sh", "-c", 'systemd-analyze verify "$@" 2>&1', "sh", ...files]),
    "",
  );
});

Deno.test("the timer runs daily, with a random delay, and catches up on a missed run", async () => {
  const timer = await Deno.readTextFile(join(DEPLOY, "pkgstash-refresh.timer"));
  assertMatch(timer, /^RandomizedDelaySec=1h$/m);
  assertMatch(timer, /^Persistent=true$/m);
  const calendar = /^OnCalendar=(.*)$/m.exec(timer)![1]!;
  const output = await runCommand(["systemd-analyze", "calendar", "--iterations=2", calendar]);
  const [first, second] = [...output.matchAll(/(?:Next elapse|(?:Iter\.|Iteration) #2): (.*)$/gm)];
  const day = Date.parse(dateOf(second![1]!)) - Date.parse(dateOf(first![1]!));
  assertEquals(day, 86_400_000);
});

/** `Mon 2026-11-23 02:00:00 UTC` as `2026-11-23T02:00:00Z`. */
function dateOf(text: string): string {
  return text.trim().split(" ").slice(1, 3).join("T") + "Z";
}
