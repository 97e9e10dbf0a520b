import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { CacheIndex } from "../../../../src/mirroring/cache/cache_index.ts";
import {
  type PackageFile,
  type Repository,
  RepositoryTree,
} from "../../../../src/repositories/repository.ts";
import { WishPlanner } from "../../../../src/mirroring/prefetch/wish_planner.ts";
import type { Snapshot } from "../../../../src/repositories/snapshot.ts";
import { configOf } from "../../config/configuration.ts";
import { type ListedPackage, syncDbBytes } from "../../../support/sync_db_bytes.ts";

/** A planner over snapshots that the test makes, and an index on disk. */
class PlannerBench implements AsyncDisposable {
  readonly tree = new RepositoryTree(configOf(`mirrored_repos = ["core", "extra"]\n`));
  readonly core = this.tree.repositoryAt("core/os/x86_64")!;
  readonly extra = this.tree.repositoryAt("extra/os/x86_64")!;
  readonly planner: WishPlanner;
  /** Awaited each time that the planner asks for a snapshot. */
  onCurrent: (repository: Repository) => Promise<void> = () => Promise.resolve();
  readonly #current = new Map<string, Snapshot>();
  #count = 0;

  private constructor(readonly index: CacheIndex, private readonly folder: string) {
    this.planner = new WishPlanner({
      index,
      snapshots: {
        current: async (repository) => {
          const snapshot = this.#current.get(repository.directory) ?? null;
          await this.onCurrent(repository);
          return snapshot;
        },
        pathOf: (_, blob) => join(this.folder, blob),
      },
      tree: () => this.tree,
      settings: () => ({
        prefetch: true,
        prefetchMaxIdleMs: 0,
        prefetchMaxUnused: 0,
        prefetchMaxPackageBytes: 0,
      }),
    });
  }

  static async start(): Promise<PlannerBench> {
    const folder = await Deno.makeTempDir();
    return new PlannerBench(await CacheIndex.open(join(folder, "index.sqlite")), folder);
  }

  /** Publishes a database, and gives the snapshot before it. */
  async publish(repository: Repository, ...packages: ListedPackage[]): Promise<Snapshot | null> {
    const before = this.#current.get(repository.directory) ?? null;
    const blob = `${++this.#count}.db`;
    await Deno.writeFile(join(this.folder, blob), await syncDbBytes(packages));
    this.#current.set(repository.directory, {
      generation: String(this.#count),
      mirror: "mirror",
      publishedAt: 0,
      sha256: "",
      newestBuildDate: null,
      rollback: null,
      filesAskedAt: 0,
      members: { db: { blob, lastModified: null } },
    });
    return before;
  }

  /** Removes the files of a snapshot. */
  forget({ members }: Snapshot): Promise<void> {
    return Deno.remove(join(this.folder, members.db.blob));
  }

  /** A client has taken a package. */
  take(repository: Repository, { fileName, size, sha256 }: ListedPackage): void {
    const file: PackageFile = { repository, fileName, kind: "package" };
    this.index.recordFetch(file, { size, sha256, at: 1000, prefetched: false });
    this.index.recordUse(file, 1000);
    this.index.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.index[Symbol.dispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

function listed(name: string, digit: string, depends: readonly string[] = []): ListedPackage {
  const fileName = `${name}-1-1-any.pkg.tar.zst`;
  return { name, version: "1-1", fileName, size: 10, sha256: digit.repeat(64), depends };
}

Deno.test("a rebuilt package stays wished for though nothing else is cached", async () => {
  await using bench = await PlannerBench.start();
  const { core, index, planner } = bench;
  bench.take(core, listed("a", "1"));
  await bench.publish(core, listed("a", "1"));
  const before = await bench.publish(core, listed("a", "2"));
  index.forgetFile(core.directory, listed("a", "1").fileName);
  index.alsoWish(core.directory, listed("a", "1").fileName, 2000);
  await planner.record(core, before);
  const { wishes } = await planner.plan();
  assertEquals(wishes.map(({ fileName }) => fileName), [listed("a", "2").fileName]);
});

Deno.test("a package found to be rebuilt while another repository is planned for stays wished for", async () => {
  await using bench = await PlannerBench.start();
  const { core, extra, index, planner } = bench;
  for (const repository of [core, extra]) {
    bench.take(repository, listed("a", "1"));
    await bench.publish(repository, listed("a", "1"));
  }
  const before = await bench.publish(core, listed("a", "1"), listed("b", "1"));
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  bench.onCurrent = async (repository) => {
    if (repository !== extra) return;
    reached.resolve();
    await gate.promise;
  };
  const recording = planner.record(core, before);
  await reached.promise;
  const { fileName } = listed("a", "1");
  index.forgetFile(extra.directory, fileName);
  index.alsoWish(extra.directory, fileName, Date.now());
  const beforeOfExtra = await bench.publish(extra, listed("a", "2"));
  gate.resolve();
  await recording;
  await planner.record(extra, beforeOfExtra);
  const { wishes } = await planner.plan();
  assertEquals(wishes.map(({ directory }) => directory), [extra.directory]);
});

Deno.test("a new dependency is found when its own repository is published after, and only then", async () => {
  await using bench = await PlannerBench.start();
  const { core, extra, index, planner } = bench;
  bench.take(extra, listed("tool", "1"));
  await bench.publish(core, listed("base", "1"));
  await planner.record(extra, await bench.publish(extra, listed("tool", "1")));
  const before = await bench.publish(extra, listed("tool", "2", ["lib"]));
  await planner.record(extra, before);
  assertEquals(index.wishesOf(core.directory), []);
  await planner.record(core, await bench.publish(core, listed("base", "1"), listed("lib", "1")));
  assertEquals(index.wishesOf(core.directory), [listed("lib", "1").fileName]);
  assertEquals((await planner.plan()).wishes.length, 2);
});

Deno.test("a replaced snapshot whose files are gone counts as not known, and planning goes on", async () => {
  await using bench = await PlannerBench.start();
  const { core, planner } = bench;
  bench.take(core, listed("tool", "1"));
  await bench.publish(core, listed("tool", "1"), listed("lib", "1"));
  const before = await bench.publish(core, listed("tool", "2", ["lib"]), listed("lib", "1"));
  await bench.forget(before!);
  await planner.record(core, before);
  const { wishes } = await planner.plan();
  assertEquals(wishes.map(({ of, reason }) => [of, reason]), [["tool", "new_version"]]);
});
