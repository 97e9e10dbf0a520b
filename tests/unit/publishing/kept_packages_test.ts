// Which package files stay, and which go: never one that a client or a rollback could need.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import type { OwnRepository } from "../../../src/publishing/own_repository.ts";
import type { PublishedPackage } from "../../../src/publishing/published_package.ts";
import { formerVersions } from "../../../src/publishing/retention.ts";
import { ownPackage } from "../../support/own_package.ts";
import { addPackages, openPublishing } from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const KEEP_VERSIONS = 2;
const KEEP_GENERATIONS = 3;
const CONSENT = { downgrade: true, replace: true };
/** Longer than a replaced generation is kept for the clients that began with it. */
const MINUTES = 11;

type Step =
  | { readonly kind: "add"; readonly name: string; readonly version: number }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "roll back"; readonly steps: number }
  | { readonly kind: "wait" };

const NAME = fc.constantFrom("foo", "bar");
const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      name: NAME,
      version: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), name: NAME }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("roll back" as const),
      steps: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const) }) },
);

/** What a repository must have: every publication so far, and the former versions. */
class Model {
  readonly published = new Map<number, readonly PublishedPackage[]>();
  /** By name, the newest first. */
  readonly former = new Map<string, number[]>();

  async record(mine: OwnRepository): Promise<void> {
    const { number, changes } = (await mine.current())!;
    const packages = await mine.published();
    this.published.set(number, packages);
    const present = new Map(packages.map(({ name, version }) => [name, parseInt(version)]));
    for (const { from } of changes) {
      if (from === null) continue;
      this.former.set(from.name, [parseInt(from.version), ...this.former.get(from.name) ?? []]);
    }
    for (const [name, versions] of this.former) {
      const kept = [...new Set(versions)].filter((each) => each !== present.get(name))
        .sort((one, other) => other - one).slice(0, KEEP_VERSIONS);
      this.former.set(name, present.has(name) ? kept : []);
    }
  }

  get formerNames(): string[] {
    return [...this.former].flatMap(([name, versions]) =>
      versions.map((each) => `${name} ${each}.0-1`)
    ).sort();
  }
}

async function take(step: Step, mine: OwnRepository, add: (step: Step) => Promise<unknown>) {
  if (step.kind === "add") await add(step);
  if (step.kind === "remove" && (await mine.published()).some(({ name }) => name === step.name)) {
    await mine.remove([step.name], { force: true, by: "tests" });
  }
  if (step.kind === "roll back") {
    const history = await mine.history();
    const to = history.at(-1 - step.steps);
    if (to !== undefined) await mine.rollback(to.number, "tests");
  }
}

Deno.test("a package file is kept exactly while a kept generation or a former version needs it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 10, maxLength: 16 }), async (steps) => {
      await using folder = await TempFolder.create();
      const root = folder.join("state");
      let now = Date.now();
      const publishing = await openPublishing(root, { now: () => now });
      const mine = await publishing.create("mine", {
        signing: "none",
        keep_versions: KEEP_VERSIONS,
        keep_generations: KEEP_GENERATIONS,
      }, "tests");
      const model = new Model();
      await model.record(mine);
      for (const step of steps) {
        const before = await mine.current();
        if (step.kind === "wait") now += MINUTES * 60_000;
        await take(step, mine, async (added) => {
          if (added.kind !== "add") return;
          const bytes = await ownPackage(added.name, `${added.version}.0-1`);
          await addPackages(publishing, mine, [bytes], CONSENT);
        });
        if (await mine.current() === before) continue;
        await model.record(mine);

        const history = await mine.history();
        const former = await mine.former();
        assertEquals(
          former.map(({ name, version }) => `${name} ${version}`).sort(),
          model.formerNames,
        );
        const needed = new Set(former.map(({ sha256 }) => sha256));
        for (const { number } of history) {
          for (const { sha256 } of model.published.get(number)!) needed.add(sha256);
        }
        const stored = Array.from(
          Deno.readDirSync(join(root, "repositories/mine/packages")),
          ({ name }) => name,
        );
        assertEquals(stored.sort(), [...needed].map((each) => each.slice(0, 40)).sort());
        for (const each of former) {
          assertEquals((await Deno.stat(mine.packages.pathOf(each))).size, each.size);
        }
      }
      await publishing.stop();
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

Deno.test("a former version can be downloaded after its generation is gone, and after a restart", async () => {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  let now = Date.now();
  const options = { now: () => now };
  const publishing = await openPublishing(root, options);
  const table = { keep_versions: 2, keep_generations: 2 };
  const mine = await publishing.create("mine", table, "tests");
  for (const version of ["1", "2", "3", "4", "5"]) {
    now += MINUTES * 60_000;
    await addPackages(publishing, mine, [await ownPackage("foo", `${version}.0-1`)]);
  }
  await publishing.stop();
  const later = await openPublishing(root, options);
  const statuses: number[] = [];
  for (const version of ["1", "2", "3", "4", "5"]) {
    const path = `mine/os/x86_64/foo-${version}.0-1-x86_64.pkg.tar.gz`;
    const request = new Request(`http://localhost/${path}`);
    const file = later.tree.fileAt(path)!;
    const response = await later.respond(
      file,
      request,
      { hostname: "192.0.2.1", port: null },
    )
      .catch(() => new Response(null, { status: 404 }));
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assertEquals(statuses, [404, 404, 200, 200, 200]);
  await later.stop();
});

Deno.test("the one published last of two files with the same name is kept", () => {
  const version = (sha256: string, version = "1.0-1"): PublishedPackage => ({
    ...{ name: "foo", version, architecture: "any", size: 1, sha256 },
    fileName: `foo-${version}-any.pkg.tar.gz`,
    ...{ depends: [], provides: [], addedAt: 0 },
  });
  const published = [version("c", "2.0-1")];
  const limit = { keepVersions: 3 };
  const former = formerVersions([version("a"), version("b")], published, limit);
  assertEquals(former, [version("b")]);
  assertEquals(formerVersions([version("a"), version("b")], [version("b")], limit), []);
});
