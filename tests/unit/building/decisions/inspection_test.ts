import { assert, assertEquals } from "@std/assert";
import { packageFiles } from "../../../support/fake_aur/srcinfo_values.ts";
import type { ApprovalMember } from "../../../../src/building/decisions/approvals.ts";
import { Inspections } from "../../../../src/building/decisions/inspection.ts";
import type { TreeStore } from "../../../../src/building/trees.ts";
import { treeOf } from "../../../support/source_trees.ts";
import { WatchedPackages } from "../../../support/watched_packages.ts";
import { FakeClock } from "../../mirroring/prefetch/fake_clock.ts";

const START = Date.UTC(2026, 10, 28);
const HOUR = 3_600_000;
const BY = { by: "administrator", skipsUnknown: false };
const YES = { by: "administrator", reason: "read it" };

Deno.test("a change is compared with the tree last seen, if that was an earlier one of the same package", async () => {
  const clock = new FakeClock(START);
  await using packages = await WatchedPackages.start(clock);
  const { aur, building } = packages;
  for (const name of ["foo", "bar"]) {
    aur.put(name, { files: packageFiles(name, "1") });
    await building.watchList.add([name], BY);
  }
  for (const { id } of await building.decisions.approvals()) {
    await building.decisions.approve(id, YES);
  }
  const push = async (name: string, files: Record<string, string>, at: number) => {
    aur.push(name, { ...packageFiles(name, "2"), ...files }, (START + at) / 1000);
    clock.advance(HOUR);
    await building.watcher.check();
    const approval = (await building.decisions.approvals())
      .find(({ members }) => members[0]!.watched.base === name);
    return approval!.members[0]!;
  };
  const other = await push("bar", { "bar.sh": "rm -rf /\n" }, 1000);
  const seen = await push("foo", { "foo.sh": "one\n" }, 2000);
  const now = await push("foo", { "foo.sh": "one\n", "more.sh": "two\n" }, 3000);
  const pathsOf = async (hashes: string[]) => {
    const { diff, comparedWith } = await building.inspect(now, hashes);
    const paths = diff.filter(({ text }) => text.startsWith("+++ ")).map(({ text }) => text);
    return { paths, comparedWith };
  };
  const whole = await pathsOf([]);
  assertEquals(whole.comparedWith, now.watched.accepted!.treeHash);
  assert(whole.paths.includes("+++ b/foo.sh"));
  assertEquals(await pathsOf([seen.candidate.treeHash]), {
    paths: ["+++ b/more.sh"],
    comparedWith: seen.candidate.treeHash,
  });
  // Neither of these may make a change look smaller than it is.
  assertEquals(await pathsOf([now.candidate.treeHash]), whole);
  assertEquals(await pathsOf([other.candidate.treeHash, "0".repeat(64)]), whole);

  const files = await building.filesOf(now);
  assertEquals(
    files.filter(({ isChanged, before }) => isChanged && before === null).map(({ path }) => path),
    ["foo.sh", "more.sh"],
  );
});

Deno.test("a tree that awaits approval is read once, however often it is inspected", async () => {
  const tree = treeOf(packageFiles("foo", "1"));
  const reads: string[] = [];
  const trees = {
    read: (hash: string) => (reads.push(hash), Promise.resolve(hash === "gone" ? null : tree)),
  } as unknown as TreeStore;
  const member = (treeHash: string) =>
    ({
      watched: { accepted: null, candidates: [] },
      candidate: { treeHash },
    }) as unknown as ApprovalMember;
  const { diff } = await new Inspections(trees).of(member("a"), []);
  const characters = diff.reduce((sum, { text }) => sum + text.length, 0);
  reads.length = 0;
  const inspections = new Inspections(trees, 2 * characters);
  const first = await inspections.of(member("a"), []);
  assert((await inspections.of(member("a"), [])) === first);
  assertEquals(reads, ["a"]);
  // A missing tree may come back.
  await inspections.of(member("gone"), []).catch(() => {});
  await inspections.of(member("gone"), []).catch(() => {});
  assertEquals(reads, ["a", "gone", "gone"]);
  for (const hash of ["b", "a", "c", "a", "b"]) await inspections.of(member(hash), []);
  assertEquals(reads.slice(3), ["b", "c", "b"], "the least recently used one goes first");
});
