import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { planPrefetch } from "../../../../src/mirroring/prefetch/prefetch_plan.ts";
import type { SyncDbPackage } from "../../../../src/formats/pacman/sync_db.ts";
import { packagesOf } from "../../../support/sync_db_reading.ts";
import { REAL_DATA, REAL_DATA_MISSING, REAL_DATA_NOTE } from "../../../support/real_data.ts";
import { indexOf, NO_LIMITS } from "./plan_cases.ts";

const DIRECTORY = "archpro_repo/x86_64";

interface Revision {
  at: number;
  packages: readonly SyncDbPackage[];
}

async function revisions(): Promise<Revision[]> {
  const history = join(REAL_DATA, "history");
  const table = await Deno.readTextFile(join(history, "REVISIONS.tsv"));
  return await Promise.all(
    table.trim().split("\n").slice(1).map(async (line) => {
      const [revision = "", epoch] = line.split("\t");
      const path = join(history, "revisions", revision, "archpro_repo.db");
      return { at: Number(epoch) * 1000, packages: await packagesOf(await Deno.readFile(path)) };
    }),
  );
}

/** Names that a package depends on in the new database, and did not in the old one. */
function newNames(old: SyncDbPackage | undefined, next: SyncDbPackage): string[] {
  const names = (entry: SyncDbPackage) => entry.depends.map((text) => text.replace(/[<>=].*/, ""));
  return old === undefined ? [] : names(next).filter((name) => !names(old).includes(name));
}

Deno.test({
  name: "a plan wants exactly what is new in the next database of a real repository" +
    REAL_DATA_NOTE,
  ignore: REAL_DATA_MISSING,
  async fn() {
    const steps = await revisions();
    const cached = new Map<string, { name: string; sha256: string }>();
    let before: readonly SyncDbPackage[] | null = null;
    let changes = 0;
    let rebuilds = 0;
    for (const [index, { at, packages }] of steps.entries()) {
      const { wanted, skipped } = await planPrefetch({
        repositories: [{
          directory: DIRECTORY,
          before: before === null ? null : indexOf(before),
          after: indexOf(packages),
        }],
        cached: [...cached].map(([fileName, { sha256 }]) => ({
          directory: DIRECTORY,
          fileName,
          sha256,
          fetchedAt: 0,
        })),
        pending: [],
        historyOf: () => ({ askedAt: at, unusedPrefetches: 0 }),
        limits: NO_LIMITS,
        now: at,
      });

      const names = new Set([...cached.values()].map(({ name }) => name));
      const byName = new Map(packages.map((entry) => [entry.name, entry]));
      const old = new Map(before?.map((entry) => [entry.name, entry]));
      const expected = new Set<string>();
      const gone = new Set<string>();
      for (const name of names) {
        const next = byName.get(name);
        if (next === undefined) {
          gone.add(name);
          continue;
        }
        const file = cached.get(next.fileName);
        if (file?.sha256 !== next.sha256) expected.add(next.fileName);
        if (file !== undefined && file.sha256 !== next.sha256) rebuilds++;
        for (const dependency of newNames(old.get(name), next)) {
          const needed = byName.get(dependency);
          if (needed !== undefined && !names.has(dependency)) expected.add(needed.fileName);
        }
      }
      const label = `revision ${index}`;
      assertEquals(wanted.map(({ fileName }) => fileName).sort(), [...expected].sort(), label);
      const left = new Set(skipped.map(({ name }) => name));
      const replaced = (name: string) =>
        packages.some(({ replaces }) => replaces.some((text) => text.startsWith(name)));
      assert([...gone].every((name) => left.has(name) || replaced(name)), label);
      assert([...left].every((name) => gone.has(name)), label);

      changes += expected.size;
      for (const { fileName } of wanted) {
        const entry = packages.find((entry) => entry.fileName === fileName)!;
        cached.set(fileName, { name: entry.name, sha256: entry.sha256! });
      }
      // A client takes a third of the packages.
      for (const [place, entry] of packages.entries()) {
        if (place % 3 !== 0) continue;
        cached.set(entry.fileName, { name: entry.name, sha256: entry.sha256! });
      }
      before = packages;
    }
    // The history has enough changes to be worth testing.
    assert(changes > 10, `${changes} changes`);
    assert(rebuilds > 0, `${rebuilds} rebuilds`);
  },
});
