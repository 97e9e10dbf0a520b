import { statIfPresent } from "../platform/files/durable.ts";
import { isAhead } from "../repositories/database_date.ts";
import { databaseName, writeDatabases } from "./databases.ts";
import type { Generation, PackageChange } from "./generation.ts";
import type { GenerationStore } from "./generation_store.ts";
import type { PackageStore } from "./package_store.ts";
import type { PublishedPackage } from "./published_package.ts";
import type { Signer } from "./signing/signer.ts";

export interface NextGenerationOptions {
  readonly architectures: readonly string[];
  readonly store: Pick<GenerationStore, "pathOf">;
  readonly packages: PackageStore;
  /** Null if this server does not sign. */
  readonly sign: Signer["sign"] | null;
  /** In milliseconds since the epoch. */
  readonly now: () => number;
}

/** The files, signatures and dates of the generation being published. */
export class NextGeneration {
  readonly #options: NextGenerationOptions;

  constructor(options: NextGenerationOptions) {
    this.#options = options;
  }

  /** Signs what is new, or everything if the current generation is unsigned. */
  async signPackages(
    packages: readonly PublishedPackage[],
    { changes, current }: {
      changes: readonly PackageChange[];
      current: Generation | null;
    },
  ): Promise<void> {
    const { sign, packages: stored } = this.#options;
    if (sign === null) return;
    const wasSigned = Object.keys(current?.files ?? {}).some((name) => name.endsWith(".sig"));
    const unsigned = wasSigned ? changes.flatMap(({ to }) => to ?? []) : packages;
    for (const each of unsigned) {
      await stored.sign(each, sign);
    }
  }

  /**
   * Writes the databases into a directory. Unchanged entries are copied from the generation
   * `reused`; null for none.
   */
  async writeDatabases(
    directory: string,
    packages: readonly PublishedPackage[],
    { current, reused }: { current: Generation | null; reused: Generation | null },
  ) {
    const { architectures, store, packages: stored, sign } = this.#options;
    return await writeDatabases(directory, {
      packages,
      architectures,
      store: stored,
      sign,
      previous: (file) => {
        const known = reused?.files[file];
        if (reused === null || known === undefined) return null;
        return { ...known, path: store.pathOf(reused, file) };
      },
      date: await this.#nextDate(current),
    });
  }

  /** Setting the clock back a little must not change what views of the past show. */
  timeAfter(current: Generation | null): number {
    const now = this.#options.now();
    const last = current?.publishedAt ?? 0;
    return isAhead(last, now) ? now : Math.max(now, last);
  }

  /** Clients compare dates in whole seconds, so each generation gets a later one. */
  async #nextDate(current: Generation | null): Promise<number> {
    const { architectures: [architecture = ""], store, now } = this.#options;
    const before = current === null
      ? null
      : await statIfPresent(store.pathOf(current, databaseName(architecture, "db")));
    const last = before?.mtime?.getTime() ?? 0;
    return Math.max(now(), last + 1000);
  }
}
