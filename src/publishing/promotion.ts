import { join } from "@std/path";
import { PkgstashError } from "../errors.ts";
import { isDebugPackage } from "../formats/pacman/package_info.ts";
import { type Admission, admit, type Consent, withoutPackages } from "./admission.ts";
import { builtWith, type WithDebug } from "./debug_packages.ts";
import type { Generation } from "./generation.ts";
import type { OwnRepository } from "./own_repository.ts";
import type { PublishedPackage } from "./published_package.ts";
import { removePackages } from "./removal.ts";
import type { UploadResult } from "./staged_packages.ts";
import type { FindNamesakes } from "./uploads.ts";

export interface PromotionOptions {
  readonly from: WithDebug;
  readonly to: WithDebug;
  /** Names of packages. */
  readonly names: readonly string[];
  readonly consent: Consent;
  /** Whether the packages leave their repository, and may do so although others need them. */
  readonly move: { readonly force: boolean } | null;
  readonly by: string;
  readonly namesakes: FindNamesakes;
}

/** A package to publish in another repository too. */
interface Promoted {
  readonly published: PublishedPackage;
  /** The repository it comes from. */
  readonly source: OwnRepository;
}

/** The packages for one repository. */
interface Part {
  readonly repository: OwnRepository;
  readonly promoted: readonly Promoted[];
}

interface PartSteps {
  readonly by: string;
  readonly action: string;
  /** Gets those of every part. */
  readonly warnings: string[];
  /** Judges a part; throws if it is refused. */
  readonly admitted: (part: Part, present: readonly PublishedPackage[]) => Admission;
}

/**
 * Publishes packages of one repository in another, unchanged: both have hard links to the same
 * files. The debug packages built with them go from `FROM-debug` to `TO-debug`, right before their
 * packages. Moved packages then leave the first repository in a separate publication, so a crash in
 * between leaves them in both.
 */
export async function promote(options: PromotionOptions): Promise<UploadResult> {
  const { names, consent, move, by } = options;
  const [from, to] = [options.from.repository, options.to.repository];
  const [source, target] = [from.settings.name, to.settings.name];
  if (from === to) {
    throw new PkgstashError(
      "invalid_request",
      `Cannot promote from ${source} to itself. Name another repository.`,
    );
  }
  const published = await from.published();
  const missing = names.filter((name) => !published.some((each) => each.name === name));
  if (missing.length > 0) {
    throw new PkgstashError(
      "not_found",
      `Cannot promote ${missing.join(", ")}: not in ${source}. Nothing was changed.`,
    );
  }
  if (move !== null) {
    assertPublishesNow(to, source);
    // Refuse before anything is published.
    withoutPackages(names, published, move.force);
  }
  const action = `${move === null ? "promote" : "move"} from ${source}`;
  const { packages, debugPackages, warnings } = await split(options, published);
  const namesakes = await options.namesakes(
    [...packages, ...debugPackages].map(({ published: { name } }) => name),
  );
  const { debug } = options.to;
  const parts = [
    { repository: to, promoted: packages },
    ...debug === null ? [] : [{ repository: debug, promoted: debugPackages }],
  ].filter(({ promoted }) => promoted.length > 0);
  const generations = await publishParts(parts, {
    ...{ by, action, warnings },
    admitted: ({ repository, promoted }, present) =>
      admit(promoted.map(({ published }) => ({ ...published, addedAt: Date.now() })), {
        ...{ present, architectures: repository.settings.architectures, consent },
        namesakes: (name) => namesakes.get(name) ?? [],
      }),
  });
  const inDebug = debug === null ? undefined : generations.get(debug);
  const result: UploadResult = {
    ...{ generation: generations.get(to) ?? null, warnings },
    ...debug === null || inDebug === undefined
      ? {}
      : { debug: { repository: debug.settings.name, generation: inDebug } },
  };
  if (move !== null) {
    const leave = debugPackages.length > 0 ? options.from : { ...options.from, debug: null };
    await removePackages({ ...leave, names, ...move, by, action: `move to ${target}` });
  }
  return result;
}

/**
 * Publishes in the first repository. The other parts are judged before anything is linked, and
 * published as the last step before it.
 */
async function publishParts(
  [part, ...others]: readonly Part[],
  steps: PartSteps,
): Promise<Map<OwnRepository, Generation | null>> {
  if (part === undefined) return new Map();
  const { repository, promoted } = part;
  let generations = new Map<OwnRepository, Generation | null>();
  // Reading the target removes what an earlier run left in its `staging`.
  await repository.history();
  const { by, action, warnings, admitted } = steps;
  const generation = await repository.publish({ by, action }, async (present) => {
    const admission = admitted(part, present);
    warnings.push(...admission.warnings);
    for (const other of others) admitted(other, await other.repository.nextPackages());
    for (const { published, source } of promoted) {
      const directory = join(repository.layout.staging, `promotion-${crypto.randomUUID()}`);
      await repository.packages.link(source.packages, published, directory);
    }
    return admission.packages;
  }, {
    lastStep: async () => {
      generations = await publishParts(others, steps);
    },
  });
  return generations.set(repository, generation);
}

/** What goes into the repository itself, and what goes into its debug repository. */
async function split(
  { from, to, names }: PromotionOptions,
  published: readonly PublishedPackage[],
): Promise<{ packages: Promoted[]; debugPackages: Promoted[]; warnings: string[] }> {
  const packages: Promoted[] = [];
  const debugPackages: Promoted[] = [];
  const warnings: string[] = [];
  const named = published.filter(({ name }) => names.includes(name));
  for (const each of named) {
    const isForDebug = to.debug !== null && to.debug !== from.repository &&
      isDebugPackage((await from.repository.packages.factsOf(each)).info);
    (isForDebug ? debugPackages : packages).push({ published: each, source: from.repository });
  }
  if (from.debug === null || from.debug === to.repository) {
    return { packages, debugPackages, warnings };
  }
  for (const each of await builtWith(named, from)) {
    if (to.debug !== null) debugPackages.push({ published: each, source: from.debug });
    else {
      warnings.push(
        `${each.name} stays in ${from.debug.settings.name}: there is no ` +
          `${to.repository.settings.name}-debug`,
      );
    }
  }
  return { packages, debugPackages, warnings };
}

/** Until they are signed, moved packages would be in neither repository. */
function assertPublishesNow({ settings }: OwnRepository, source: string): void {
  if (settings.signing !== "external") return;
  throw new PkgstashError(
    "conflict",
    `Cannot move to ${settings.name}: its changes await external signatures. Promote ` +
      `the packages, sign them, then remove them from ${source}. Nothing was changed.`,
  );
}
