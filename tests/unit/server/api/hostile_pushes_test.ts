// Every hostile revision of the labelled data, pushed to the AUR in front of a whole daemon.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ApprovalDetail, ApprovalList } from "../../../../src/api/approvals.ts";
import type { WatchedDetail } from "../../../../src/api/aur.ts";
import { BuildsApp } from "../../../support/builds_app.ts";
import { type AurFile, FakeAur } from "../../../support/fake_aur.ts";
import { PublishedRepository } from "../../../support/published_repository.ts";
import { REAL_DATA_MISSING, REAL_DATA_NOTE } from "../../../support/real_data.ts";
import { type Revision, revisions } from "../../../support/revisions.ts";
import type { WrittenFile } from "../../../support/source_trees.ts";
import { REASON_OF_ATTACK } from "./hostile_reasons.ts";

/** More than a package source may have. */
const TOO_LARGE = 5 * 1024 ** 2;
/** Honest bumps among the hostile pushes, which show that what can pass does. */
const HONEST = 5;

Deno.test({
  name:
    `hostile revisions: a push of each is held for its attack, and none is built${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  fn: async () => {
    let tried = 0;
    for (let rest = await revisions("hostile.jsonl"); rest.length > 0;) {
      const pushed = [...new Map(rest.map((each) => [each.pkgbase, each])).values()];
      rest = rest.filter((each) => !pushed.includes(each));
      await pushAll(pushed);
      tried += pushed.length;
    }
    assertEquals(tried, 60);
  },
});

/** Has all of them watched and approved, pushes what came next, and looks at what that makes. */
async function pushAll(hostile: readonly Revision[]): Promise<void> {
  const names = new Set(hostile.map(({ pkgbase }) => pkgbase));
  const honest = (await revisions("pairs.jsonl")).filter((each) =>
    each.label === "bump" && !names.has(each.pkgbase) && ".SRCINFO" in each.old
  ).slice(0, HONEST);
  const all = [...hostile, ...honest];
  await using aur = new FakeAur();
  // No cool-down: only what is in the files can hold a push.
  const keys = 'cool_down = "0"\nnew_maintainer_cool_down = "0"\n';
  await using daemon = await BuildsApp.start({
    tables: () => `mirrored_repos = ["core"]\n[aur]\nurl = "${aur.url}"\n${keys}`,
  });
  const { app } = daemon;
  const core = new PublishedRepository(app.mirror)
    .set("everything", 1, { provides: all.flatMap(({ old }) => neededBy(old)) });
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);

  for (const { pkgbase, old } of all) aur.put(pkgbase, { files: filesOf(old) });
  const added = await daemon.call("POST", "aur/packages", {
    names: all.map(({ pkgbase, old }) => packageOf(pkgbase, old)),
  });
  assertEquals([added.status, added.value.failure, added.value.open], [200, null, []]);
  for (const { id } of (await waiting(daemon)).approvals) {
    const { status } = await daemon.call("POST", `approvals/${id}/approve`, { reason: "looked" });
    assertEquals(status, 200);
  }
  assertEquals((await waiting(daemon)).approvals, []);
  const before = await builds(daemon);
  assertEquals(new Set(before.map(({ package_base }) => package_base)).size, all.length);

  const now = Math.floor(Date.now() / 1000);
  for (const each of all) aur.push(each.pkgbase, filesOf(each.new), now);
  const { value: check } = await daemon.call("POST", "aur/check");
  assertEquals(check.failure, null);

  const numbers = new Set(before.map(({ number }) => number));
  const built = (await builds(daemon)).filter(({ number }) => !numbers.has(number));
  assertEquals(
    built.map(({ package_base }) => package_base).toSorted(),
    honest.map(({ pkgbase }) => pkgbase).toSorted(),
  );
  const { approvals } = await waiting(daemon);
  for (const { id, attack, pkgbase } of hostile) {
    const approval = approvals.find(({ packages }) =>
      packages.some(({ base }) => base === pkgbase)
    );
    const shown = approval === undefined
      ? await problemOf(daemon, pkgbase)
      : await reasonsOf(daemon, approval.id);
    assertStringIncludes(shown, REASON_OF_ATTACK[attack ?? ""] ?? "no reason", `${id} ${attack}`);
  }
}

/** Why files were not even taken. */
async function problemOf(daemon: BuildsApp, base: string): Promise<string> {
  const { value } = await daemon.call("GET", `aur/packages/${base}`);
  const { state, problem } = value as WatchedDetail;
  assertEquals(state, "problem", base);
  return problem ?? "";
}

/** What a person is shown of an approval: why it waits, and the facts that say so. */
async function reasonsOf(daemon: BuildsApp, id: string): Promise<string> {
  const { value } = await daemon.call("GET", `approvals/${id}`);
  const { is_asked, passes_at, packages, reasons } = value as ApprovalDetail;
  assertEquals([is_asked, passes_at], [true, null]);
  const facts = packages.flatMap(({ facts }) => facts).filter(({ class: kind }) =>
    kind !== "value"
  );
  assert(facts.length > 0, reasons.join(" "));
  return facts.map(({ file, reason }) => `${file}: ${reason}`).join("; ");
}

async function waiting(daemon: BuildsApp): Promise<ApprovalList> {
  return (await daemon.call("GET", "approvals")).value;
}

async function builds(daemon: BuildsApp): Promise<{ number: number; package_base: string }[]> {
  return (await daemon.call("GET", "builds?limit=1000")).value.builds;
}

/** As the AUR has them. What the data leave out has other bytes here. */
function filesOf(files: Revision["old"]): Record<string, AurFile> {
  return Object.fromEntries(
    Object.entries(files).map(([path, file]) => [path, fileOf(file)]),
  );
}

function fileOf(file: WrittenFile): AurFile {
  if (typeof file === "string") return file;
  const { mode = "100644", omitted, size = 0 } = file;
  const text = omitted === undefined ? file.text ?? "" : "x".repeat(Math.min(size, TOO_LARGE));
  return mode === "100644" ? text : { mode, text };
}

/** A package that a package base makes. */
function packageOf(base: string, files: Revision["old"]): string {
  return /^pkgname = (.+)$/m.exec(String(files[".SRCINFO"]))?.[1] ?? base;
}

/** What a mirrored repository must provide so that nothing is missing. */
function neededBy(files: Revision["old"]): string[] {
  const lines = String(files[".SRCINFO"]).matchAll(/^\s*(?:make|check)?depends(?:_\w+)? = (.+)$/gm);
  return [...lines].map(([, dependency]) =>
    dependency!.replace(
      /^([^<>=]+)(?:[<>]?=|<|>)(.+)$/,
      (whole, name, version) =>
        whole.includes("<") && !whole.includes("<=")
          ? `${name}=0`
          : whole.includes(">") && !whole.includes(">=")
          ? `${name}=${version}.1`
          : `${name}=${version}`,
    )
  );
}
