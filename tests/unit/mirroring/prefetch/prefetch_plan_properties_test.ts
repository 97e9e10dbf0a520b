import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  planPrefetch,
  type PrefetchPlan,
  type PrefetchPlanInput,
} from "../../../../src/mirroring/prefetch/prefetch_plan.ts";
import type { SyncDbPackage } from "../../../../src/formats/pacman/sync_db.ts";
import { DAY, entry, indexOf, NOW } from "./plan_cases.ts";

const DIRECTORIES = ["core", "extra", "other"];
const name = fc.constantFrom("a", "b", "c", "d", "lib");
const version = fc.constantFrom("1-1", "2-1", "1:0-1");
const relation = fc.tuple(name, fc.constantFrom("", ">=2", "=1", "<2", ".so=1-64"))
  .map(([name, constraint]) => name + constraint);
const relations = fc.array(relation, { maxLength: 3 });
const sha256 = fc.constantFrom("aa", "bb");

const packages = fc.uniqueArray(
  fc.record({ name, version, sha256, relations: fc.tuple(relations, relations, relations) }),
  { selector: ({ name }) => name },
).map((list) =>
  list.map(({ name, version, sha256, relations: [depends, provides, replaces] }) =>
    entry(`${name} ${version}`, { depends, provides, replaces, sha256: sha256 })
  )
);

const file = fc.record({
  directory: fc.constantFrom(...DIRECTORIES),
  fileName: fc.tuple(name, version).map(([name, version]) => entry(`${name} ${version}`).fileName),
});

/** A plan's input, with the packages of the databases as lists. */
type Input = Omit<PrefetchPlanInput, "repositories"> & {
  repositories: {
    directory: string;
    before: SyncDbPackage[] | null;
    after: SyncDbPackage[];
  }[];
};

function plan({ repositories, ...rest }: Input): Promise<PrefetchPlan> {
  return planPrefetch({
    ...rest,
    repositories: repositories.map(({ directory, before, after }) => ({
      directory,
      before: before === null ? null : indexOf(before),
      after: indexOf(after),
    })),
  });
}

const input: fc.Arbitrary<Input> = fc.record({
  repositories: fc.tuple(packages, packages, fc.option(packages), packages)
    .map(([before, after, otherBefore, otherAfter]) => [
      { directory: "core", before, after },
      { directory: "extra", before: otherBefore, after: otherAfter },
    ]),
  cached: fc.uniqueArray(
    fc.record({
      file,
      sha256: fc.option(sha256),
      fetchedAt: fc.integer({ min: 0, max: NOW }),
    }).map(({ file, ...rest }) => ({ ...file, ...rest })),
    { selector: ({ directory, fileName }) => `${directory}/${fileName}` },
  ),
  pending: fc.array(file),
  historyOf: fc.dictionary(
    fc.constantFrom(...["core", "extra"].flatMap((d) => ["a", "b", "lib"].map((n) => `${d}/${n}`))),
    fc.record({
      askedAt: fc.option(fc.integer({ min: 0, max: NOW })),
      unusedPrefetches: fc.integer({ min: 0, max: 4 }),
    }),
  ).map((histories) => (directory: string, name: string) =>
    histories[`${directory}/${name}`] ?? { askedAt: null, unusedPrefetches: 0 }
  ),
  limits: fc.record({
    prefetchMaxIdleMs: fc.constantFrom(0, 30 * DAY),
    prefetchMaxUnused: fc.constantFrom(0, 2),
    prefetchMaxPackageBytes: fc.constantFrom(0, 999, 1000),
  }),
  now: fc.constant(NOW),
});

Deno.test("a plan wants only files that are in a database, and each one once", async () => {
  await fc.assert(fc.asyncProperty(input, async (input) => {
    const named = input.repositories.flatMap(({ directory, after }) =>
      after.map(({ fileName }) => `${directory}/${fileName}`)
    );
    const wanted = (await plan(input)).wanted.map(pathOf);
    for (const path of wanted) assert(named.includes(path), path);
    assertEquals(new Set(wanted).size, wanted.length);
  }));
});

Deno.test("a plan wants no file that is cached with the same content", async () => {
  await fc.assert(fc.asyncProperty(input, async (input) => {
    const wanted = new Set((await plan(input)).wanted.map(pathOf));
    for (const file of input.cached) {
      const repository = input.repositories.find(({ directory }) => directory === file.directory);
      const named = repository?.after.find(({ fileName }) => fileName === file.fileName);
      const isOther = file.sha256 !== null && file.sha256 !== named?.sha256;
      assert(!wanted.has(pathOf(file)) || isOther, pathOf(file));
    }
  }));
});

Deno.test("a plan wants no file that it skips, and none that is too large", async () => {
  await fc.assert(fc.asyncProperty(input, async (input) => {
    const { wanted, skipped } = await plan(input);
    const { prefetchMaxPackageBytes: largest } = input.limits;
    const paths = new Set(wanted.map(pathOf));
    for (const { directory, fileName } of skipped) assert(!paths.has(`${directory}/${fileName}`));
    for (const { size } of wanted) assert(largest === 0 || size! <= largest);
  }));
});

Deno.test("a plan does not depend on the order in which files are listed", async () => {
  await fc.assert(fc.asyncProperty(input, async (input) => {
    const reversed = {
      ...input,
      cached: input.cached.toReversed(),
      pending: input.pending.toReversed(),
      repositories: input.repositories.map(({ directory, before, after }) => ({
        directory,
        before: before?.toReversed() ?? null,
        after: after.toReversed(),
      })),
    };
    const sorted = ({ wanted, skipped }: PrefetchPlan) => ({
      wanted: wanted.toSorted(byPath),
      skipped: skipped.toSorted(byPath),
    });
    assertEquals(sorted(await plan(reversed)), sorted(await plan(input)));
  }));
});

Deno.test("a plan does not want again what has been fetched", async () => {
  await fc.assert(fc.asyncProperty(input, async (input) => {
    const { wanted } = await plan(input);
    const sums = new Map(
      input.repositories.flatMap(({ directory, after }) =>
        after.map(({ fileName, sha256 }) => [`${directory}/${fileName}`, sha256!] as const)
      ),
    );
    const fetched = wanted.map(({ directory, fileName }) => ({
      directory,
      fileName,
      sha256: sums.get(`${directory}/${fileName}`)!,
      fetchedAt: NOW,
    }));
    const kept = input.cached.filter((file) => !fetched.some((f) => pathOf(f) === pathOf(file)));
    const again = await plan({ ...input, cached: [...kept, ...fetched], pending: [] });
    const before = new Set(wanted.map(pathOf));
    for (const wish of again.wanted) assert(!before.has(pathOf(wish)), pathOf(wish));
  }));
});

function pathOf({ directory, fileName }: { directory: string; fileName: string | null }): string {
  return `${directory}/${fileName}`;
}

function byPath(a: Parameters<typeof pathOf>[0], b: Parameters<typeof pathOf>[0]): number {
  return pathOf(a) < pathOf(b) ? -1 : 1;
}
