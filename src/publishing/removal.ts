import { leftBy, type WithDebug } from "./debug_packages.ts";
import type { UploadResult } from "./staged_packages.ts";

export interface RemovalOptions extends WithDebug {
  /** Names of packages. */
  readonly names: readonly string[];
  /** Whether other packages of the repository may need them. */
  readonly force: boolean;
  readonly by: string;
  /** Such as `move to stable`. */
  readonly action?: string;
}

/**
 * Removes packages, and then the debug packages built only with them. A crash in between leaves
 * debug packages without their packages, never the reverse.
 */
export async function removePackages(options: RemovalOptions): Promise<UploadResult> {
  const { repository, debug, names, force, by, action = "remove" } = options;
  const present = await repository.nextPackages();
  const removed = present.filter(({ name }) => names.includes(name));
  const rest = present.filter(({ name }) => !names.includes(name));
  const left = await leftBy(removed, rest, options);
  const generation = await repository.remove(names, { force, by, action });
  const warnings: string[] = [];
  if (debug === null || left.length === 0) return { generation, warnings };
  const gone = new Set(left.map(({ sha256 }) => sha256));
  const inDebug = await debug.publish(
    { by, action },
    (published) => published.filter(({ sha256 }) => !gone.has(sha256)),
  );
  return { generation, warnings, debug: { repository: debug.settings.name, generation: inDebug } };
}
