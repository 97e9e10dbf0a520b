import { assert, assertEquals, assertRejects } from "@std/assert";
import { type BuildSettings, USUAL_SETTINGS } from "../../../src/building/build_settings.ts";
import type { Approval } from "../../../src/building/decisions/approvals.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { packageFiles } from "../../support/fake_aur/srcinfo_values.ts";
import { WatchedPackages } from "../../support/watched_packages.ts";
import { FakeClock } from "../mirroring/prefetch/fake_clock.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 28);
const seconds = (afterStart: number) => (START + afterStart) / 1000;
const YES = { by: "reader", reason: "read it" };

/** A patch that turns one line of the PKGBUILD of `foo` into another. */
function patchOf(before: string, after: string): string {
  return `--- a/PKGBUILD\n+++ b/PKGBUILD\n@@ -1,3 +1,3 @@\n pkgname=foo\n-${before}\n+${after}\n pkgrel=1\n`;
}

class Bed implements AsyncDisposable {
  private constructor(readonly packages: WatchedPackages, readonly clock: FakeClock) {}

  /** Has `foo` 1-1, which is approved unless `isApproved` is false. */
  static async start({ isApproved = true } = {}): Promise<Bed> {
    const clock = new FakeClock(START);
    const bed = new Bed(await WatchedPackages.start(clock), clock);
    bed.packages.aur.put("foo", { files: packageFiles("foo", "1") });
    await bed.building.watchList.add(["foo"], { by: "administrator", skipsUnknown: false });
    if (isApproved) await bed.approve((await bed.approvals())[0]!);
    return bed;
  }

  get building() {
    return this.packages.building;
  }

  approvals(): Promise<Approval[]> {
    return this.building.decisions.approvals();
  }

  async approve({ id }: Approval): Promise<void> {
    await this.building.decisions.approve(id, YES);
  }

  async propose(changes: Partial<BuildSettings>, reason = "it must"): Promise<void> {
    const settings = { ...USUAL_SETTINGS, ...changes };
    await this.building.proposeSettings("foo", { by: "proposer", reason, settings });
  }

  /** Pushes a new version to the AUR, and has the watcher check. */
  async push(version: string, extra: Parameters<typeof packageFiles>[2] = {}): Promise<void> {
    const at = seconds(this.clock.now() - START);
    this.packages.aur.push("foo", packageFiles("foo", version, extra), at);
    await this.building.watcher.check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.packages[Symbol.asyncDispose]();
  }
}

Deno.test("proposed settings build nothing until they are approved, and then the accepted files", async () => {
  await using bed = await Bed.start();
  const { packages } = bed;
  await bed.propose({ network: true });
  assertEquals(packages.queued.map(({ settings }) => settings.network), [false]);
  const [approval, ...others] = await bed.approvals();
  assertEquals([approval?.kind, approval?.isAsked, others], ["settings", true, []]);
  assertEquals(approval?.reasons, [
    "proposer proposes settings for foo: network: off -> on (it must)",
  ]);
  assertEquals(await bed.building.stateOf(bed.building.watchList.find("foo")), "approval");
  await bed.approve(approval!);
  assertEquals(
    packages.queued.map(({ treeHash, settings }) => [treeHash, settings.network]),
    [[packages.queued[0]!.treeHash, false], [packages.queued[0]!.treeHash, true]],
  );
  assertEquals(await bed.approvals(), []);
});

Deno.test("approved settings apply to later builds, and the record names who proposed and approved them", async () => {
  await using bed = await Bed.start();
  await bed.propose({ check: false, environment: { GOFLAGS: "-mod=vendor" } });
  await bed.packages.restart();
  await bed.approve((await bed.approvals())[0]!);
  await bed.push("2");
  bed.clock.advance(24 * HOUR);
  await bed.building.watcher.check();
  const last = bed.packages.queued.at(-1)!;
  assertEquals([last.version, last.settings.check], ["2-1", false]);
  assertEquals(last.settings.environment, { GOFLAGS: "-mod=vendor" });
  const { decisions, settings } = bed.building.watchList.find("foo");
  assertEquals(
    decisions.slice(-3).map(({ action, by, settings }) => [action, by, settings ?? []]),
    [
      ["settings proposed", "proposer", ["check: on -> off", "variable GOFLAGS added"]],
      ["settings approved", "reader", ["check: on -> off", "variable GOFLAGS added"]],
      ["accepted by rule", "pkgstash", []],
    ],
  );
  assertEquals([settings?.by, settings?.reason], ["reader", "read it"]);
});

Deno.test("an approval of settings is void once they, the files or the settings in force change", async () => {
  await using bed = await Bed.start();
  await bed.propose({ network: true });
  const [first] = await bed.approvals();
  await bed.propose({ network: true, check: false });
  await assertRejects(() => bed.approve(first!), PkgstashError, "has changed since");
  const [second] = await bed.approvals();
  await bed.push("2");
  bed.clock.advance(24 * HOUR);
  await bed.building.watcher.check();
  await assertRejects(() => bed.approve(second!), PkgstashError, "has changed since");
  const [third] = await bed.approvals();
  await bed.approve(third!);
  await bed.propose({ network: true });
  const ids = new Set([first, second, third, ...await bed.approvals()].map((each) => each!.id));
  assertEquals(ids.size, 4);
});

Deno.test("rejected and withdrawn settings change nothing", async () => {
  await using bed = await Bed.start();
  await bed.propose({ network: true });
  const [approval] = await bed.approvals();
  await bed.building.decisions.reject(approval!.id, { ...YES, hold: false });
  assertEquals([await bed.approvals(), bed.packages.queued.length], [[], 1]);
  await bed.propose({ network: true });
  await bed.propose({});
  assertEquals([await bed.approvals(), bed.packages.queued.length], [[], 1]);
  const { decisions, skipped, settings } = bed.building.watchList.find("foo");
  assertEquals([skipped, settings], [[], null]);
  assertEquals(decisions.slice(-4).map(({ action, by }) => `${action} by ${by}`), [
    "settings proposed by proposer",
    "settings rejected by reader",
    "settings proposed by proposer",
    "settings withdrawn by proposer",
  ]);
});

Deno.test("settings of a package that has never been built are part of its first approval", async () => {
  await using bed = await Bed.start({ isApproved: false });
  const [before] = await bed.approvals();
  await bed.propose({ ccache: true });
  const [approval, ...others] = await bed.approvals();
  assertEquals([approval?.kind, others], ["first", []]);
  assert(approval!.id !== before!.id);
  await bed.approve(approval!);
  assertEquals(bed.packages.queued.map(({ settings }) => settings.ccache), [true]);
});

Deno.test("a change's cool-down continues while settings await approval", async () => {
  await using bed = await Bed.start();
  await bed.push("2");
  await bed.propose({ network: true });
  assertEquals(
    (await bed.approvals()).map(({ kind, isAsked }) => [kind, isAsked]),
    [["change", false], ["settings", true]],
  );
  await bed.approve((await bed.approvals())[1]!);
  bed.clock.advance(24 * HOUR);
  await bed.building.watcher.check();
  assertEquals(
    bed.packages.queued.map(({ version, settings }) => [version, settings.network]),
    [["1-1", false], ["1-1", true], ["2-1", true]],
  );
});

Deno.test("patches are applied to each new version, and one that no longer applies needs a person", async () => {
  await using bed = await Bed.start();
  const { packages } = bed;
  const patch = "--- /dev/null\n+++ b/note\n@@ -0,0 +1 @@\n+mine\n";
  await assertRejects(
    () => bed.propose({ patches: [patchOf("pkgver=8", "pkgver=9")] }),
    PkgstashError,
    "differs from the file that it was made for",
  );
  await bed.propose({ patches: [patch] });
  await bed.approve((await bed.approvals())[0]!);
  await bed.push("2");
  bed.clock.advance(24 * HOUR);
  await bed.building.watcher.check();
  assertEquals(packages.queued.at(-1)?.version, "2-1");
  const files = packageFiles("foo", "3");
  packages.aur.push("foo", { ...files, note: "theirs\n" }, seconds(24 * HOUR));
  await bed.building.watcher.check();
  bed.clock.advance(1000 * HOUR);
  await bed.building.watcher.check();
  const [conflict] = await bed.approvals();
  assertEquals(conflict?.isAsked, true);
  assert(conflict?.reasons.some((each) => each.includes("note already exists")));
  await assertRejects(() => bed.approve(conflict!), PkgstashError, "note already exists");
  await bed.propose({ patches: [] });
  const [combined, ...others] = await bed.approvals();
  assertEquals([combined?.kind, others], ["change", []]);
  assert(!combined?.reasons.some((each) => each.includes("note already exists")));
  await bed.approve(combined!);
  const last = packages.queued.at(-1);
  assertEquals([last?.version, last?.settings.patches], ["3-1", []]);
});

Deno.test("settings that would break out of the sandbox or the tree are rejected, and not kept", async () => {
  await using bed = await Bed.start();
  const outside = "--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n";
  const absolute = "--- /dev/null\n+++ /etc/x\n@@ -0,0 +1 @@\n+x\n";
  const wrong: [Partial<BuildSettings>, string][] = [
    ...["PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "BASH_FUNC_make%%", "IFS", "HOME"]
      .map((name): [Partial<BuildSettings>, string] => [{ environment: { [name]: "x" } }, name]),
    [{ patches: [outside] }, "it names"],
    [{ patches: [absolute] }, "it names"],
    [{ patches: ["no diff"] }, "not a unified diff"],
    [{ makepkgConf: "#".repeat(20_000) }, "longer"],
    [{ makepkgConf: "PKGDEST=/x" }, "PKGDEST"],
    [{ packages: ["-S"] }, "not a valid package name"],
  ];
  for (const [changes, why] of wrong) {
    await assertRejects(() => bed.propose(changes), PkgstashError, why);
  }
  assertEquals([await bed.approvals(), bed.building.watchList.find("foo").proposed], [[], null]);
});
