import { join } from "@std/path";
import { PkgstashError } from "../errors.ts";
import { admit, type Consent, withoutPackages } from "./admission.ts";
import type { OwnRepository } from "./own_repository.ts";
import type { UploadResult } from "./staged_packages.ts";
import type { FindNamesakes } from "./uploads.ts";

export interface PromotionOptions {
  readonly from: OwnRepository;
  readonly to: OwnRepository;
  /** Names of packages. */
  readonly names: readonly string[];
  readonly consent: Consent;
  /** Whether they leave the repository that they come from, and may although others need them. */
  readonly move: { readonly force: boolean } | null;
  readonly by: string;
  readonly namesakes: FindNamesakes;
}

/**
 * Publishes packages of one repository in another, as they are: both have hard links to the same
 * files. Moved packages are removed from the first after that, in a publication of its own, so a crash
 * in between leaves them in both.
 */
export async function promote(options: PromotionOptions): Promise<UploadResult> {
  const { from, to, names, consent, move, by } = options;
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
  // Refuses before anything is published.
  if (move !== null) withoutPackages(names, published, move.force);
  const incoming = published.filter(({ name }) => names.includes(name))
    .map((each) => ({ ...each, addedAt: Date.now() }));
  const namesakes = await options.namesakes(names);
  // Reading the target removes what an earlier run left in its `staging`.
  await to.history();
  let warnings: readonly string[] = [];
  const cause = { by, action: `${move === null ? "promote" : "move"} from ${source}` };
  const generation = await to.publish(cause, async (present) => {
    const admission = admit(incoming, {
      present,
      architectures: to.settings.architectures,
      consent,
      namesakes: (name) => namesakes.get(name) ?? [],
    });
    warnings = admission.warnings;
    for (const each of incoming) {
      const directory = join(to.layout.staging, `promotion-${crypto.randomUUID()}`);
      await to.packages.link(from.packages, each, directory);
    }
    return admission.packages;
  });
  if (move !== null) await from.remove(names, { ...move, by, action: `move to ${target}` });
  return { generation, warnings };
}
