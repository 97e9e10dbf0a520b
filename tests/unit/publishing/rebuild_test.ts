import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PkgstashError } from "../../../src/errors.ts";
import { readSyncDb } from "../../../src/formats/pacman/sync_db.ts";
import type { OwnRepository } from "../../../src/publishing/own_repository.ts";
import type { PublishedPackage } from "../../../src/publishing/published_package.ts";
import type { Publishing } from "../../../src/publishing/publishing.ts";
import type { Difference, RebuildStep } from "../../../src/publishing/rebuild.ts";
import { ownPackage } from "../../support/own_package.ts";
import { addPackages, openPublishing, packagesOf } from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** Runs with the packages a, b and c in the repository "mine". */
async function withPackages(
  run: (house: { publishing: Publishing; mine: OwnRepository; root: string }) => Promise<void>,
): Promise<void> {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const publishing = await openPublishing(root);
  const mine = await publishing.create("mine", {}, "tests");
  const packages = await Promise.all(["a", "b", "c"].map((name) => ownPackage(name)));
  await addPackages(publishing, mine, packages);
  try {
    await run({ publishing, mine, root });
  } finally {
    await publishing.stop();
  }
}

/** Rebuilds "mine"; returns its steps with the result. */
async function rebuilt(publishing: Publishing, force = false) {
  const steps: RebuildStep[] = [];
  const result = await publishing.rebuild("mine", {
    ...{ force, by: "tests" },
    onStep: (step) => void steps.push(step),
    signal: new AbortController().signal,
  });
  return { ...result, steps };
}

async function find(mine: OwnRepository, name: string): Promise<PublishedPackage> {
  return (await mine.published()).find((each) => each.name === name)!;
}

function outcomes(differences: readonly Difference[]): string[] {
  return differences.map(({ file, outcome }) => `${file.split("-")[0]} ${outcome}`);
}

async function listed(mine: OwnRepository): Promise<string[]> {
  using file = await Deno.open(mine.pathIn((await mine.current())!, "x86_64.db"));
  return ((await readSyncDb(file.readable)).packages ?? []).map(({ name }) => name);
}

Deno.test("a rebuild of an intact repository finds no difference, and publishes a generation", async () => {
  await withPackages(async ({ publishing, mine }) => {
    const before = await mine.current();
    const { differences, generation, packages, bytes, steps } = await rebuilt(publishing);
    assertEquals([differences, packages, generation!.changes], [[], 3, []]);
    assertEquals([generation!.number, generation!.action], [before!.number + 1, "rebuild"]);
    assertEquals(steps[0], { kind: "plan", packages: 3, bytes });
    assertEquals(steps.at(-1), { kind: "read", packages: 3, bytes });
    assertEquals(generation!.files["x86_64.db"], before!.files["x86_64.db"], "the same bytes");
  });
});

Deno.test("a rebuild takes nothing from the previous databases", async () => {
  await withPackages(async ({ publishing, mine }) => {
    const { files } = (await mine.current())!;
    const database = mine.pathIn((await mine.current())!, "x86_64.db");
    const bytes = await Deno.readFile(database);
    // Damage that a daemon recorded as what it had published.
    await Deno.writeFile(database, bytes.fill(0, 40, 60));
    const { generation } = await rebuilt(publishing);
    assertEquals(generation!.files["x86_64.db"], files["x86_64.db"]);
    assertEquals(await listed(mine), ["a", "b", "c"]);
  });
});

Deno.test("a package's damaged record is rewritten, and a bad signature replaced", async () => {
  await withPackages(async ({ publishing, mine }) => {
    const [a, b, c] = [await find(mine, "a"), await find(mine, "b"), await find(mine, "c")];
    await Deno.writeTextFile(join(mine.packages.pathOf(a), "../package.json"), "{");
    await Deno.copyFile(mine.packages.signatureOf(a), mine.packages.signatureOf(b));
    await Deno.remove(mine.packages.signatureOf(c));
    const { differences } = await rebuilt(publishing);
    assertEquals(outcomes(differences), ["a described", "b signed", "c signed"]);
    assertEquals(await publishing.verify("mine").then(({ faults }) => faults), []);
    assertEquals((await rebuilt(publishing)).differences, []);
  });
});

Deno.test("a rebuild fails and names each lost package, unless it may leave them out", async () => {
  await withPackages(async ({ publishing, mine }) => {
    const before = await mine.current();
    const [a, b] = [await find(mine, "a"), await find(mine, "b")];
    await Deno.remove(mine.packages.pathOf(a));
    await Deno.writeFile(
      mine.packages.pathOf(b),
      (await ownPackage("b", "1.0-1", {
        content: "other",
      })).bytes,
    );
    const error = await assertRejects(() => rebuilt(publishing), PkgstashError);
    assertEquals(error.kind, "conflict");
    assert(
      /a-1\.0-1.*missing.*b-1\.0-1.*differs.*--force/.test(error.message),
      error.message,
    );
    assertEquals(await mine.current(), before);
    const { differences, generation } = await rebuilt(publishing, true);
    assertEquals(outcomes(differences), ["a lost", "b lost"]);
    assertEquals(generation!.changes.map(({ kind }) => kind), ["removed", "removed"]);
    assertEquals(await listed(mine), ["c"]);
  });
});

Deno.test("a rebuild restores the latest publication, even if a lost file prevents serving it", async () => {
  await withPackages(async ({ publishing, mine, root }) => {
    await addPackages(publishing, mine, [await ownPackage("a", "2.0-1"), await ownPackage("d")]);
    await Deno.remove(mine.packages.pathOf(await find(mine, "d")));
    await publishing.stop();
    const later = await openPublishing(root);
    const again = later.repository("mine");
    assertEquals(await packagesOf(again), ["a 1.0-1", "b 1.0-1", "c 1.0-1"]);
    await rebuilt(later, true);
    assertEquals(await packagesOf(again), ["a 2.0-1", "b 1.0-1", "c 1.0-1"]);
    await later.stop();
  });
});

Deno.test("a rebuild without any list of packages publishes the newest versions in the store", async () => {
  await withPackages(async ({ publishing, mine, root }) => {
    await addPackages(publishing, mine, [await ownPackage("a", "2.0-1")]);
    await publishing.stop();
    await Deno.remove(join(root, "repositories/mine/generations"), { recursive: true });
    const later = await openPublishing(root);
    const again = later.repository("mine");
    const { differences } = await rebuilt(later);
    assertEquals(differences, []);
    assertEquals(await packagesOf(again), ["a 2.0-1", "b 1.0-1", "c 1.0-1"]);
    assertEquals((await find(again, "a")).sha256.length, 64);
    assertEquals(await later.verify("mine").then(({ faults }) => faults), []);
    await later.stop();
  });
});

Deno.test("a damaged or lost package is repaired by adding it again", async () => {
  await withPackages(async ({ publishing, mine }) => {
    const a = await find(mine, "a");
    await Deno.truncate(mine.packages.pathOf(a), 10);
    await addPackages(publishing, mine, [await ownPackage("a")]);
    await Deno.remove(mine.packages.pathOf(a));
    await addPackages(publishing, mine, [await ownPackage("a")]);
    assertEquals(await publishing.verify("mine").then(({ faults }) => faults), []);
  });
});
