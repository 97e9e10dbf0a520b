import { join } from "@std/path";
import { isDebugPackage } from "../formats/pacman/package_info.ts";
import { admit, type Consent, type MirroredNamesake } from "./admission.ts";
import type { Generation } from "./generation.ts";
import type { OwnRepository } from "./own_repository.ts";
import type { PackageFacts } from "./package_store.ts";
import type { PublishedPackage } from "./published_package.ts";

/** The result of an upload. */
export interface UploadResult {
  /** Null if everything was already published. */
  readonly generation: Generation | null;
  readonly warnings: readonly string[];
  /** The result for its debug packages, if they went to a repository of their own. */
  readonly debug?: { readonly repository: string; readonly generation: Generation | null };
}

/** A package to be published. */
export interface StagedPackage {
  readonly published: PublishedPackage;
  readonly facts: PackageFacts;
}

export interface StagedPublication {
  readonly repository: OwnRepository;
  /** Repository for the debug packages; null for the same one. */
  readonly debug: OwnRepository | null;
  /** The directory with a subdirectory of files for each package. */
  readonly directory: string;
  readonly consent: Consent;
  readonly by: string;
  readonly namesakes: (name: string) => readonly MirroredNamesake[];
  /** Called once nothing is refused, before anything is moved. */
  readonly onAdmission: () => void;
}

/**
 * Publishes packages together, or none if one is refused. Debug packages are published separately,
 * as the last step before their packages: a failure or a crash in between leaves debug packages
 * without their packages, never the reverse.
 */
export async function publishStaged(
  staged: readonly StagedPackage[],
  options: StagedPublication,
): Promise<UploadResult> {
  const { repository, debug } = options;
  const isForDebug = ({ facts }: StagedPackage) => debug !== null && isDebugPackage(facts.info);
  const debugPackages = staged.filter(isForDebug);
  const packages = staged.filter((each) => !isForDebug(each));
  if (debug === null || debugPackages.length === 0) {
    return await publishIn(repository, staged, options);
  }
  const warnings: string[] = [];
  let published: Generation | null = null;
  const publishDebug = async (onAdmission: () => void) => {
    const result = await publishIn(debug, debugPackages, { ...options, onAdmission });
    warnings.push(...result.warnings);
    published = result.generation;
  };
  let generation: Generation | null = null;
  if (packages.length === 0) await publishDebug(options.onAdmission);
  else {
    const result = await publishIn(repository, packages, {
      ...options,
      onAdmission: () => {},
      beforehand: async () => {
        // Refuse now, before anything of either is moved.
        admitted(debugPackages, await debug.published(), { ...options, repository: debug });
        options.onAdmission();
      },
      lastStep: () => publishDebug(() => {}),
    });
    generation = result.generation;
    warnings.push(...result.warnings);
  }
  return {
    generation,
    warnings,
    debug: { repository: debug.settings.name, generation: published },
  };
}

interface OnePublication extends StagedPublication {
  readonly beforehand?: () => Promise<void>;
  readonly lastStep?: () => Promise<void>;
}

async function publishIn(
  repository: OwnRepository,
  staged: readonly StagedPackage[],
  options: OnePublication,
): Promise<UploadResult> {
  const { directory, by, onAdmission, beforehand, lastStep } = options;
  let warnings: readonly string[] = [];
  const generation = await repository.publish({ by, action: "add" }, async (present) => {
    const admission = admitted(staged, present, { ...options, repository });
    warnings = admission.warnings;
    await beforehand?.();
    onAdmission();
    for (const { published, facts } of staged) {
      await repository.take(join(directory, published.fileName), published, facts);
    }
    return admission.packages;
  }, lastStep === undefined ? {} : { lastStep });
  return { generation, warnings };
}

function admitted(
  staged: readonly StagedPackage[],
  present: readonly PublishedPackage[],
  { repository, consent, namesakes }: StagedPublication,
) {
  const { architectures } = repository.settings;
  const incoming = staged.map(({ published }) => published);
  return admit(incoming, { present, architectures, consent, namesakes });
}
