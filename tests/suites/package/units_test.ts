// The units as systemd sees them, without a boot.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runCommand } from "../../support/child_process.ts";

const DEPLOY = new URL("../../../deploy/", import.meta.url).pathname;

for (const unit of ["pkgstash.service", "pkgstash-refresh.service"]) {
  Deno.test(`systemd rates the exposure of ${unit} at most 1.5`, async () => {
    const said = await runCommand([
      "systemd-analyze",
      "security",
      "--offline=true",
      join(DEPLOY, unit),
    ]);
    const rating = Number(/exposure level for .*: ([\d.]+) /.exec(said)![1]);
    console.log(`exposure of ${unit}: ${rating}`);
    assert(rating <= 1.5, said);
  });
}

Deno.test("systemd finds no mistake in the units", async () => {
  const folder = await Deno.makeTempDir({ prefix: "pkgstash-units-" });
  try {
    const units = ["pkgstash.service", "pkgstash-refresh.service", "pkgstash-refresh.timer"];
    for (const unit of units) {
      const text = await Deno.readTextFile(join(DEPLOY, unit));
      // Neither the program nor its manual is installed here.
      const there = text.replace("/usr/bin/pkgstash", "/bin/true").replace(
        /^Documentation=.*$/m,
        "",
      );
      await Deno.writeTextFile(join(folder, unit), there);
    }
    const files = units.map((unit) => join(folder, unit));
    assertEquals(
      await runCommand(["sh", "-c", 'systemd-analyze verify "$@" 2>&1', "sh", ...files]),
      "",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the timer runs daily, not all at once, and catches up", async () => {
  const timer = await Deno.readTextFile(join(DEPLOY, "pkgstash-refresh.timer"));
  assertMatch(timer, /^RandomizedDelaySec=1h$/m);
  assertMatch(timer, /^Persistent=true$/m);
  const calendar = /^OnCalendar=(.*)$/m.exec(timer)![1]!;
  const said = await runCommand(["systemd-analyze", "calendar", "--iterations=2", calendar]);
  const [first, second] = [...said.matchAll(/(?:Next elapse|(?:Iter\.|Iteration) #2): (.*)$/gm)];
  const day = Date.parse(dateOf(second![1]!)) - Date.parse(dateOf(first![1]!));
  assertEquals(day, 86_400_000);
});

/** `Mon 2026-11-23 02:00:00 UTC` without the day's name. */
function dateOf(text: string): string {
  return text.trim().split(" ").slice(1, 3).join("T") + "Z";
}
