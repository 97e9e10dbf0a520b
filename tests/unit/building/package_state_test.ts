import { assertEquals } from "@std/assert";
import type { Decision } from "../../../src/building/decisions/decision.ts";
import { stateOf } from "../../../src/building/package_state.ts";
import type { WatchedPackage } from "../../../src/building/packages/watched_package.ts";
import type { Build, BuildState } from "../../../src/building/queue/build.ts";

const SETTLED: Decision = { kind: "settled" };

const WATCHED = {
  base: "foo",
  hold: null,
  problem: null,
  proposed: null,
  accepted: { treeHash: "a", version: "1-1" },
  candidates: [],
} as unknown as WatchedPackage;

function build(state: BuildState, architecture = "x86_64", treeHash = "a"): Build {
  return { packageBase: "foo", state, architecture, treeHash } as Build;
}

function stateWith(builds: readonly Build[], watched: Partial<WatchedPackage> = {}): string {
  return stateOf({ ...WATCHED, ...watched }, { decision: SETTLED, isGone: false, builds });
}

Deno.test("a package is not current while a build of its accepted files is pending, failed or held", () => {
  assertEquals(stateWith([]), "current");
  assertEquals(stateWith([build("published")]), "current");
  for (const state of ["waiting", "leased", "uploading"] as const) {
    assertEquals(stateWith([build(state)]), "building");
  }
  assertEquals(stateWith([build("failed")]), "build_failed");
  assertEquals(stateWith([build("held")]), "build_held");
});

Deno.test("a package's state follows the latest build of its accepted files for each architecture", () => {
  assertEquals(stateWith([build("published"), build("failed")]), "current");
  assertEquals(stateWith([build("failed"), build("published")]), "build_failed");
  assertEquals(stateWith([build("published"), build("failed", "aarch64")]), "build_failed");
  assertEquals(stateWith([build("failed", "x86_64", "b")]), "current");
});

Deno.test("a package with a rejected version is shown as skipped, unless its build failed", () => {
  const candidates = [{ version: "2-1" }] as unknown as WatchedPackage["candidates"];
  assertEquals(stateWith([build("published")], { candidates }), "skipped");
  assertEquals(stateWith([build("failed")], { candidates }), "build_failed");
});

Deno.test("a hold, a problem or a pending approval takes precedence over a failed build", () => {
  const hold = { at: 0, by: "a", reason: "b" };
  assertEquals(stateWith([build("failed")], { hold }), "held");
  assertEquals(stateWith([build("failed")], { problem: "too large" }), "problem");
  const ask = { kind: "ask" } as unknown as Decision;
  assertEquals(
    stateOf(WATCHED, { decision: ask, isGone: false, builds: [build("failed")] }),
    "approval",
  );
});
