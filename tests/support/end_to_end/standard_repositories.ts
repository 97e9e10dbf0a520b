import { buildPackages, type BuiltPackage, type PackageSpec } from "./package_builder.ts";
import { PackageRepository } from "./package_repository.ts";
import type { SigningKey } from "./signing_key.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const CORE: readonly PackageSpec[] = [
  { name: "base-files", size: 4 * KIB },
  { name: "libcore", size: 64 * KIB },
];
const EXTRA: readonly PackageSpec[] = [
  { name: "app", size: 256 * KIB, depends: ["libcore", "base-files"] },
  { name: "tool", size: 32 * KIB },
  { name: "bulk-1", size: MIB },
  { name: "bulk-2", size: MIB },
  { name: "bulk-3", size: MIB },
  { name: "bulk-4", size: MIB },
  { name: "huge", size: 8 * MIB },
  { name: "gtk2+extra", epoch: 2, version: "1.0.r3+g12ab~1", size: 100 * KIB },
  { name: "scope@types", version: "3.1", size: 16 * KIB },
];
const CORE_UPGRADE: readonly PackageSpec[] = [
  { name: "libcore", version: "1.1", size: 80 * KIB },
];
const EXTRA_UPGRADE: readonly PackageSpec[] = [
  { name: "app", version: "2.0", size: 300 * KIB, depends: ["libcore", "base-files"] },
];

/** The repositories `core` and `extra` that most tests install from. */
export class StandardRepositories {
  readonly #packages: ReadonlyMap<string, BuiltPackage>;

  /** The root of the mirror's tree. */
  readonly root: string;
  readonly core: PackageRepository;
  readonly extra: PackageRepository;

  private constructor(
    root: string,
    { core, extra }: { core: PackageRepository; extra: PackageRepository },
    packages: readonly BuiltPackage[],
  ) {
    this.root = root;
    this.core = core;
    this.extra = extra;
    this.#packages = new Map(packages.map((built) => [built.name, built]));
  }

  /** Publishes both below `root`; a key signs them. */
  static async create(root: string, key?: SigningKey): Promise<StandardRepositories> {
    const [core, extra] = [await buildPackages(CORE), await buildPackages(EXTRA)];
    const repositories = {
      core: await PackageRepository.create(root, "core", core, key),
      extra: await PackageRepository.create(root, "extra", extra, key),
    };
    return new StandardRepositories(root, repositories, [...core, ...extra]);
  }

  /** A package of the first publication. */
  package(name: string): BuiltPackage {
    const found = this.#packages.get(name);
    if (found === undefined) throw new Error(`There is no package ${name} in the repositories.`);
    return found;
  }

  /** Publishes libcore 1.1 and app 2.0. */
  async upgrade(): Promise<void> {
    await this.core.publish(await buildPackages(CORE_UPGRADE));
    await this.extra.publish(await buildPackages(EXTRA_UPGRADE));
  }

  /** Publishes a package of `extra` again: the same name, version and size, but other bytes. */
  async rebuild(name: string): Promise<BuiltPackage> {
    const spec = EXTRA.find((candidate) => candidate.name === name);
    if (spec === undefined) throw new Error(`There is no package ${name} in extra.`);
    const [rebuilt] = await buildPackages([{ ...spec, rebuild: 1 }]);
    await this.extra.publish([rebuilt!]);
    return rebuilt!;
  }
}
