import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { CacheIndex } from "../../../../src/mirroring/cache/cache_index.ts";
import {
  type PackageFile,
  type Repository,
  RepositoryTree,
} from "../../../../src/repositories/repository.ts";
import { type PackageIndex, readPackageIndex } from "../../../../src/repositories/package_index.ts";
import { WishPlanner } from "../../../../src/mirroring/prefetch/wish_planner.ts";
import { type Snapshot, SNAPSHOT_DEFAULTS } from "../../../../src/repositories/snapshot.ts";
import { configOf } from "../../../support/configuration.ts";
import { type ListedPackage, syncDbBytes } from "../../../support/sync_db_bytes.ts";

/** A planner with an index on disk and snapshots that the test publishes. */
class PlannerHarness implements AsyncDisposable {
  readonly tree = new RepositoryTree(configOf(`mirrored_repos = ["core", "extra"]\n`));
  readonly core = this.tree.repositoryAt("core/os/x86_64")!;
  readonly extra = this.tree.repositoryAt("extra/os/x86_64")!;
  readonly planner: WishPlanner;
  readonly #folder: string;
  /** Awaited whenever the planner asks for a database. */
  onAsked: (repository: Repository) => Promise<void> = () => Promise.resolve();
  readonly #current = new Map<string, Snapshot>();
  readonly #indexes = new Map<string, PackageIndex>();
  #count = 0;

  private constructor(readonly index: CacheIndex, folder: string) {
    this.#folder = folder;
    this.planner = new WishPlanner({
      index,
      snapshots: {
        indexOf: async (repository) => {
          const index = this.#indexes.get(repository.directory) ?? null;
          await this.onAsked(repository);
          return index;
        },
        pathOf: (_, blob) => join(this.#folder, blob),
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

  static async start(): Promise<PlannerHarness> {
    const folder = await Deno.makeTempDir();
    return new PlannerHarness(await CacheIndex.open(join(folder, "index.sqlite")), folder);
  }

  /** Publishes a database; returns the snapshot before it. */
  async publish(repository: Repository, ...packages: ListedPackage[]): Promise<Snapshot | null> {
    const before = this.#current.get(repository.directory) ?? null;
    const blob = `${++this.#count}.db`;
    const path = join(this.#folder, blob);
    await Deno.writeFile(path, await syncDbBytes(packages));
    const index = await readPackageIndex(path, this.#indexes.get(repository.directory));
    this.#indexes.set(repository.directory, index);
    this.#current.set(repository.directory, {
      ...SNAPSHOT_DEFAULTS,
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
    return Deno.remove(join(this.#folder, members.db.blob));
  }

  /** Zeroes the database of a snapshot. */
  damage({ members }: Snapshot): Promise<void> {
    return Deno.writeFile(join(this.#folder, members.db.blob), new Uint8Array(100_000));
  }

  /** Records that a client has taken a package. */
  take(repository: Repository, { fileName, size, sha256 }: ListedPackage): void {
    const file: PackageFile = { repository, fileName, kind: "package" };
    this.index.recordFetch(file, { size, sha256, at: 1000, prefetched: false });
    this.index.recordUse(file, 1000);
    this.index.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.index[Symbol.dispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

function listed(name: string, digit: string, depends: readonly string[] = []): ListedPackage {
  const fileName = `${name}-1-1-any.pkg.tar.zst`;
  return { name, version: "1-1", fileName, size: 10, sha256: digit.repeat(64), depends };
}

Deno.test("a rebuilt package stays wanted when nothing else is cached", async () => {
  await using harness = await PlannerHarness.start();
  const { core, index, planner } = harness;
  harness.take(core, listed("a", "1"));
  await harness.publish(core, listed("a", "1"));
  const before = await harness.publish(core, listed("a", "2"));
  index.forgetFile(core.directory, listed("a", "1").fileName);
  index.alsoWish(core.directory, listed("a", "1").fileName, 2000);
  await planner.record(core, before);
  const { wishes } = await planner.plan();
  assertEquals(wishes.map(({ fileName }) => fileName), [listed("a", "2").fileName]);
});

Deno.test("a package rebuilt while another repository is being planned for stays wanted", async () => {
  await using harness = await PlannerHarness.start();
  const { core, extra, index, planner } = harness;
  for (const repository of [core, extra]) {
    harness.take(repository, listed("a", "1"));
    await harness.publish(repository, listed("a", "1"));
  }
  const before = await harness.publish(core, listed("a", "1"), listed("b", "1"));
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  harness.onAsked = async (repository) => {
    if (repository !== extra) return;
    reached.resolve();
    await gate.promise;
  };
  const recording = planner.record(core, before);
  await reached.promise;
  const { fileName } = listed("a", "1");
  index.forgetFile(extra.directory, fileName);
  index.alsoWish(extra.directory, fileName, Date.now());
  const beforeOfExtra = await harness.publish(extra, listed("a", "2"));
  gate.resolve();
  await recording;
  await planner.record(extra, beforeOfExtra);
  const { wishes } = await planner.plan();
  assertEquals(wishes.map(({ directory }) => directory), [extra.directory]);
});

Deno.test("a new dependency is found as soon as its own repository is published", async () => {
  await using harness = await PlannerHarness.start();
  const { core, extra, index, planner } = harness;
  harness.take(extra, listed("tool", "1"));
  await harness.publish(core, listed("base", "1"));
  await planner.record(extra, await harness.publish(extra, listed("tool", "1")));
  const before = await harness.publish(extra, listed("tool", "2", ["lib"]));
  await planner.record(extra, before);
  assertEquals(index.wishesOf(core.directory), []);
  await planner.record(core, await harness.publish(core, listed("base", "1"), listed("lib", "1")));
  assertEquals(index.wishesOf(core.directory), [listed("lib", "1").fileName]);
  assertEquals((await planner.plan()).wishes.length, 2);
});

for (const fate of ["gone", "unreadable"] as const) {
  Deno.test(`planning works when the replaced database is ${fate}`, async () => {
    await using harness = await PlannerHarness.start();
    const { core, planner } = harness;
    harness.take(core, listed("tool", "1"));
    await harness.publish(core, listed("tool", "1"), listed("lib", "1"));
    const before = await harness.publish(core, listed("tool", "2", ["lib"]), listed("lib", "1"));
    if (fate === "gone") await harness.forget(before!);
    else await harness.damage(before!);
    await planner.record(core, before);
    const { wishes } = await planner.plan();
    assertEquals(wishes.map(({ of, reason }) => [of, reason]), [["tool", "new_version"]]);
  });
}
