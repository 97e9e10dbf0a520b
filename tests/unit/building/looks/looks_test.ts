import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { packageFiles } from "../../../support/fake_aur/srcinfo_values.ts";
import { WatchedPackages } from "../../../support/watched_packages.ts";
import { FakeClock } from "../../mirroring/prefetch/fake_clock.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 28);
const URL = "https://example.invalid/foo.git";
const ONE = "1".repeat(40);
const TWO = "2".repeat(40);

/** The files of a package with these entries of `source`. */
function filesWith(version: string, ...sources: string[]): Record<string, string> {
  const files = packageFiles("foo-git", version);
  const lines = sources.map((each) => `\tsource = ${each}\n\tsha256sums = SKIP\n`).join("");
  return {
    PKGBUILD: `${files["PKGBUILD"]}\nsource=(${sources.map((each) => `'${each}'`).join(" ")})\n`,
    ".SRCINFO": files[".SRCINFO"]!.replace("\tlicense = MIT\n", `\tlicense = MIT\n${lines}`),
  };
}

async function withAccepted(
  sources: readonly string[],
  run: (packages: WatchedPackages, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock(START);
  await using packages = await WatchedPackages.start(clock);
  packages.aur.put("foo-git", { files: filesWith("1", ...sources) });
  await packages.building.watchList.add(["foo-git"], { by: "administrator", skipsUnknown: false });
  assertEquals(await lease(packages), null, "nothing of it was accepted");
  await accept(packages);
  await run(packages, clock);
}

async function accept({ building }: WatchedPackages): Promise<void> {
  const [approval] = await building.decisions.approvals();
  await building.decisions.approve(approval!.id, { by: "administrator", reason: "read it" });
}

function lease({ building }: WatchedPackages, builder = "b1", waitMs = 0) {
  return building.looks.lease({ builder, waitMs, signal: new AbortController().signal });
}

function referencesOf(leased: Awaited<ReturnType<typeof lease>>) {
  const look = leased?.due.look;
  return look?.kind === "references" ? look.references : null;
}

/** Has a builder see these commits, in the order of the references. */
async function see(packages: WatchedPackages, ...commits: (string | null)[]): Promise<void> {
  const leased = await lease(packages);
  assert(leased !== null, "a look is due");
  await packages.building.looks.report(
    { builder: "b1", id: leased.id },
    { outcome: "references", commits },
  );
}

function news({ building }: WatchedPackages): string[] {
  return building.watchList.find("foo-git").news.map(({ text }) => text);
}

const reasons = ({ queued }: WatchedPackages) => queued.map(({ reason }) => reason);

Deno.test("a source that has moved causes a build of the accepted files, and one that has not causes none", async () => {
  await withAccepted([`git+${URL}`], async (packages, clock) => {
    const leased = await lease(packages);
    assertEquals(referencesOf(leased), [{ url: URL, reference: "HEAD" }]);
    assertEquals(await lease(packages, "b2"), null, "one builder looks at it");
    const call = { builder: "b1", id: leased!.id };
    await packages.building.looks.report(call, { outcome: "references", commits: [ONE] });
    assertEquals(await lease(packages), null);
    clock.advance(DAY);
    await see(packages, ONE);
    assertEquals(packages.queued.length, 1);
    clock.advance(DAY - 1);
    assertEquals(await lease(packages), null, "it is looked at once a day");
    clock.advance(1);
    await see(packages, TWO);
    assertEquals(reasons(packages), ["read it", `${URL} moved from 1111111111 to 2222222222`]);
    const [first, second] = packages.queued;
    assertEquals(second!.treeHash, first!.treeHash);
    assertEquals(second!.approved, first!.approved);
    assertEquals(packages.recorded.at(-1)?.action, "Build a package whose source has moved");
    clock.advance(DAY);
    await see(packages, TWO);
    assertEquals(packages.queued.length, 2);
  });
});

Deno.test("the commits seen survive a restart, and a lost look is due again", async () => {
  await withAccepted([`git+${URL}#branch=dev`], async (packages, clock) => {
    await see(packages, ONE);
    await packages.restart();
    assertEquals(await lease(packages), null);
    clock.advance(DAY);
    const lost = await lease(packages);
    assertEquals(referencesOf(lost), [{ url: URL, reference: "refs/heads/dev" }]);
    await packages.restart();
    await see(packages, TWO);
    assertEquals(packages.queued.length, 2);
    clock.advance(DAY);
    assert(await lease(packages, "b2") !== null);
    clock.advance(11 * 60_000);
    assert(await lease(packages) !== null, "its builder was silent for too long");
  });
});

Deno.test("failing sources are reported once, and again if they fail after a success", async () => {
  await withAccepted([`git+${URL}`], async (packages, clock) => {
    const fail = async (reason: string) => {
      const leased = await lease(packages);
      await packages.building.looks.report({ builder: "b1", id: leased!.id }, {
        outcome: "failed",
        reason,
      });
    };
    await see(packages, ONE);
    clock.advance(DAY);
    const before = news(packages).length;
    await fail(`${URL}: gone\u001b[31m\nforged`);
    clock.advance(HOUR);
    await fail("something else");
    assertEquals(news(packages).slice(before), [
      `Cannot check the sources of foo-git: ${URL}: gone [31m forged.`,
    ]);
    clock.advance(HOUR);
    await see(packages, null);
    clock.advance(HOUR);
    await see(packages, TWO);
    assertEquals(packages.queued.length, 2, "what moved meanwhile is built");
    clock.advance(DAY);
    await see(packages, null);
    assertMatch(news(packages).at(-1)!, /has no HEAD\.$/);
    assertEquals(news(packages).length, before + 3);
  });
});

Deno.test("only public git repositories are looked at, each reference once", async () => {
  const sources = [
    `git+${URL}`,
    `other::git+${URL}`,
    `git+${URL}#branch=dev`,
    "git+file:///etc",
    "git+ssh://git@example.invalid/foo",
    "git+ext::sh -c true",
    "git+https://example.invalid/a b",
    "svn+https://example.invalid/foo",
    "git+https://example.invalid/fixed#tag=v1",
  ];
  await withAccepted(sources, async (packages) => {
    assertEquals(referencesOf(await lease(packages)), [
      { url: URL, reference: "HEAD" },
      { url: URL, reference: "refs/heads/dev" },
    ]);
  });
});

Deno.test("the sources of new files are looked at anew, and those of a held package are not", async () => {
  await withAccepted([`git+${URL}`], async (packages, clock) => {
    await see(packages, ONE);
    clock.advance(DAY);
    packages.aur.push("foo-git", filesWith("2", `git+${URL}`), (START + DAY) / 1000);
    await packages.building.watcher.check();
    await accept(packages);
    await see(packages, TWO);
    assertEquals(packages.queued.length, 2, "they are built anyway");
    const by = { by: "administrator", reason: "broken" };
    await packages.building.decisions.hold("foo-git", { ...by, isHeld: true });
    clock.advance(2 * DAY);
    assertEquals(await lease(packages), null);
    await packages.building.decisions.hold("foo-git", { ...by, isHeld: false });
    assert(await lease(packages) !== null);
  });
});

Deno.test("a builder can report only on its own looks, and once on each", async () => {
  await withAccepted([`git+${URL}`], async (packages) => {
    const { looks } = packages.building;
    const leased = await lease(packages);
    const result = { outcome: "references", commits: [ONE] } as const;
    const say = (builder: string, id: string) => looks.report({ builder, id }, result);
    await assertRejects(() => say("b2", leased!.id), PkgstashError, "belongs to another builder");
    await assertRejects(() => say("b1", "0".repeat(32)), PkgstashError);
    await say("b1", leased!.id);
    await assertRejects(() => say("b1", leased!.id), PkgstashError);
  });
});

Deno.test("a waiting builder gets a look as soon as its package is accepted", async () => {
  const clock = new FakeClock(START);
  await using packages = await WatchedPackages.start(clock);
  packages.aur.put("foo-git", { files: filesWith("1", `git+${URL}`) });
  await packages.building.watchList.add(["foo-git"], { by: "administrator", skipsUnknown: false });
  const waiting = lease(packages, "b1", 45_000);
  await clock.slept(45_000);
  await accept(packages);
  assertEquals((await waiting)?.due.about, "foo-git");
});
