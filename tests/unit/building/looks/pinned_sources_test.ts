import { assert, assertEquals } from "@std/assert";
import { packageFiles } from "../../../support/fake_aur/srcinfo_values.ts";
import { WatchedPackages } from "../../../support/watched_packages.ts";
import { FakeClock } from "../../mirroring/prefetch/fake_clock.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 28);
const URL = "https://example.invalid/foo.git";
const ONE = "1a".repeat(20);
const TWO = "2b".repeat(20);

/** The files of a package that pins a commit through a variable, with `more` after it. */
function pinnedAt(
  version: string,
  commit: string,
  { source = (value: string) => `git+${URL}#commit=${value}`, more = "" } = {},
): Record<string, string> {
  const files = packageFiles("foo", version);
  const entry = source(commit);
  return {
    PKGBUILD: files["PKGBUILD"]!.replace("pkgrel=1", `pkgrel=1\n_commit=${commit}${more}`) +
      `\nsource=("${source("$_commit")}")\nsha256sums=('SKIP')\n`,
    ".SRCINFO": files[".SRCINFO"]!
      .replace("\tlicense = MIT\n", `\tlicense = MIT\n\tsource = ${entry}\n\tsha256sums = SKIP\n`),
  };
}

async function withPin(
  options: Parameters<typeof pinnedAt>[2],
  run: (packages: WatchedPackages, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock(START);
  await using packages = await WatchedPackages.start(clock, "approve_pins = true");
  const { aur, building } = packages;
  aur.put("foo", { files: pinnedAt("1", ONE, options) });
  await building.watchList.add(["foo"], { by: "administrator", skipsUnknown: false });
  const [approval] = await building.decisions.approvals();
  await building.decisions.approve(approval!.id, { by: "administrator", reason: "read it" });
  aur.push("foo", pinnedAt("2", TWO, options), START / 1000);
  clock.advance(2 * DAY);
  await building.watcher.check();
  await run(packages, clock);
}

const lease = ({ building }: WatchedPackages) =>
  building.looks.lease({ builder: "b1", waitMs: 0, signal: new AbortController().signal });

const versions = ({ queued }: WatchedPackages) => queued.map(({ version }) => version);

async function reasons({ building }: WatchedPackages): Promise<string[]> {
  return (await building.decisions.approvals()).flatMap((each) => each.reasons);
}

Deno.test("a pinned commit passes once a builder has found it on a branch", () =>
  withPin({}, async (packages) => {
    assertEquals(versions(packages), ["1-1"]);
    assertEquals(await reasons(packages), [
      "no builder has checked yet whether its pins are on a branch or tag",
    ]);
    const leased = (await lease(packages))!;
    assertEquals(leased.due.look, {
      kind: "pins",
      pins: [{ url: URL, kind: "commit", value: TWO }],
    });
    const call = { builder: "b1", id: leased.id };
    await packages.building.looks.report(call, { outcome: "pins", places: ["refs/heads/main"] });
    assertEquals(versions(packages), ["1-1", "2-1"]);
  }));

Deno.test("a pinned commit that is on no branch waits for a person, with the reason", () =>
  withPin({}, async (packages) => {
    const call = { builder: "b1", id: (await lease(packages))!.id };
    await packages.building.looks.report(call, { outcome: "pins", places: [null] });
    assertEquals(versions(packages), ["1-1"]);
    assertEquals(await reasons(packages), [
      `the commit ${TWO} is on no branch or tag of ${URL}: it may belong to a fork`,
    ]);
  }));

Deno.test("a repository that cannot be reached lets no pin pass, and is asked again", () =>
  withPin({}, async (packages, clock) => {
    const call = { builder: "b1", id: (await lease(packages))!.id };
    await packages.building.looks.report(call, { outcome: "failed", reason: "gone" });
    assertEquals([versions(packages), await lease(packages)], [["1-1"], null]);
    clock.advance(HOUR);
    assert(await lease(packages) !== null);
  }));

Deno.test("a pin that git cannot check waits for a person", async (t) => {
  const cases: Record<string, Parameters<typeof pinnedAt>[2]> = {
    "an archive of a commit": {
      source: (value) => `https://example.invalid/archive/${value}.tar.gz`,
    },
    "an abbreviated commit": { source: (value) => `git+${URL}#commit=${value.slice(0, 9)}` },
    "a local repository": { source: (value) => `git+file:///srv/foo#commit=${value}` },
  };
  for (const [name, options] of Object.entries(cases)) {
    await t.step(name, () =>
      withPin(options, async (packages) => {
        assertEquals(await lease(packages), null);
        assertEquals(versions(packages), ["1-1"]);
        assertEquals((await packages.building.decisions.approvals())[0]!.isAsked, true);
      }));
  }
});
