import { createHash } from "node:crypto";
import { PkgstashError, reasonOf } from "../errors.ts";
import { readPackageArchive } from "../formats/pacman/package_archive.ts";
import { removeIfPresent, statIfPresent } from "../platform/files/durable.ts";
import { isUnreadable } from "../platform/files/unreadable.ts";
import { admit, inOrderOfName } from "./admission.ts";
import type { Generation } from "./generation.ts";
import type { OwnRepository } from "./own_repository.ts";
import type { PackageFacts } from "./package_store.ts";
import { areRivals, describePackage, type PublishedPackage } from "./published_package.ts";
import type { Signing } from "./signing/signing.ts";

/** A package whose file or signature differs from the repository's records. */
export interface Difference {
  readonly file: string;
  /** What happens to it: its record is rewritten, it is signed again, or it cannot be published. */
  readonly outcome: "described" | "signed" | "lost";
  /** A clause, such as "it is missing". */
  readonly reason: string;
}

/** Progress of a rebuild. */
export type RebuildStep =
  | { readonly kind: "plan"; readonly packages: number; readonly bytes: number }
  | { readonly kind: "read"; readonly packages: number; readonly bytes: number }
  | ({ readonly kind: "difference" } & Difference);

/** The outcome of a rebuild. Sizes are in bytes. */
export interface RebuildResult {
  readonly packages: number;
  readonly bytes: number;
  readonly differences: readonly Difference[];
  readonly generation: Generation | null;
}

export interface RebuildOptions {
  /** Whether to leave out missing and damaged packages; otherwise they prevent the publication. */
  readonly force: boolean;
  readonly by: string;
  readonly signing: Pick<Signing, "verify">;
  readonly onStep: (step: RebuildStep) => void;
  /** Cancels it before anything is published. */
  readonly signal: AbortSignal;
}

/**
 * Reads every package of a repository again, and builds and publishes its databases from nothing
 * else. The packages are those of the latest publication with a readable list, even if a lost file
 * prevents serving it; without any list, the newest versions in the package store.
 *
 * @throws PkgstashError `conflict` if packages are lost and `force` is not set.
 */
export async function rebuild(own: OwnRepository, options: RebuildOptions): Promise<RebuildResult> {
  const { force, by, onStep, signal } = options;
  const before = await own.published();
  const listed = await own.listed();
  const recorded = listed ?? await own.packages.all();
  onStep({ kind: "plan", packages: recorded.length, bytes: bytesOf(recorded) });
  const differences: Difference[] = [];
  const found = new Map<string, PublishedPackage>();
  const badSignatures: PublishedPackage[] = [];
  const report = (difference: Difference) => {
    differences.push(difference);
    onStep({ kind: "difference", ...difference });
  };
  let bytes = 0;
  for (const [index, each] of recorded.entries()) {
    signal.throwIfAborted();
    const { fileName: file } = each;
    const read = await readAgain(own, each).catch(lossOf);
    if ("loss" in read) report({ file, outcome: "lost", reason: read.loss });
    else {
      found.set(each.sha256, read.published);
      const reason = await descriptionFault(own, listed === null ? null : each, read);
      if (reason !== null) {
        report({ file, outcome: "described", reason });
        await own.packages.describe(each, read.facts);
      }
      const fault = await signatureFault(own, each, options);
      if (fault !== null) {
        report({ file, outcome: "signed", reason: fault });
        badSignatures.push(each);
      }
    }
    bytes += each.size;
    onStep({ kind: "read", packages: index + 1, bytes });
  }
  const lost = differences.filter(({ outcome }) => outcome === "lost");
  if (lost.length > 0 && !force) throw refusal(own, lost);
  signal.throwIfAborted();
  const generation = await own.publish({ by, action: "rebuild" }, async (present) => {
    for (const each of badSignatures) await removeIfPresent(own.packages.signatureOf(each));
    const packages = recorded.flatMap(({ sha256 }) => found.get(sha256) ?? []);
    return withChanges(listed === null ? newestOf(packages, own) : packages, { before, present });
  }, { anew: true });
  return { packages: recorded.length, bytes, differences, generation };
}

interface ReadAgain {
  readonly published: PublishedPackage;
  readonly facts: PackageFacts;
}

/**
 * @throws PkgstashError `content` if the file differs from what was published or is not a readable
 * package.
 */
async function readAgain(own: OwnRepository, recorded: PublishedPackage): Promise<ReadAgain> {
  const { fileName, addedAt } = recorded;
  using file = await Deno.open(own.packages.pathOf(recorded));
  const hash = createHash("sha256");
  let size = 0;
  const bytes = file.readable.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        hash.update(chunk);
        size += chunk.length;
        controller.enqueue(chunk);
      },
    }),
  );
  const { info, files } = await readPackageArchive(bytes, fileName, { isLocal: true });
  const sha256 = hash.digest("hex");
  // Without a record, only the beginning of the digest is known, from the directory's name.
  if (!sha256.startsWith(recorded.sha256)) {
    throw new PkgstashError("content", "it differs from what was published");
  }
  const published = describePackage(info, { fileName, size, sha256, addedAt });
  return { published, facts: { info, files } };
}

/** Why a package is lost. A failing disk is no loss, and throws. */
function lossOf(error: unknown): { readonly loss: string } {
  if (error instanceof Deno.errors.NotFound) return { loss: "it is missing" };
  const isLoss = isUnreadable(error) ||
    (error instanceof PkgstashError && error.kind === "content");
  if (!isLoss) throw error;
  return { loss: reasonOf(error) };
}

/** How the records of a package differ from what its file says; null if they do not. */
async function descriptionFault(
  own: OwnRepository,
  recorded: PublishedPackage | null,
  { published, facts }: ReadAgain,
): Promise<string | null> {
  let known: PackageFacts;
  try {
    known = await own.packages.factsOf(published);
  } catch {
    return "its package.json cannot be read";
  }
  if (JSON.stringify(known) !== JSON.stringify(facts)) {
    return "its package.json differs from the file";
  }
  const isSame = JSON.stringify(recorded) === JSON.stringify(published);
  return recorded === null || isSame ? null : "the list of packages differs from the file";
}

async function signatureFault(
  own: OwnRepository,
  recorded: PublishedPackage,
  { signing }: RebuildOptions,
): Promise<string | null> {
  if (own.settings.signing === "none") return null;
  const path = own.packages.signatureOf(recorded);
  if (await statIfPresent(path) === null) return "its signature is missing";
  try {
    await signing.verify(own.packages.pathOf(recorded), await Deno.readFile(path));
    return null;
  } catch (error) {
    if (error instanceof PkgstashError && error.kind === "content") return reasonOf(error);
    throw error;
  }
}

/** The packages, with what was published since the rebuild began. */
function withChanges(
  packages: readonly PublishedPackage[],
  { before, present }: {
    before: readonly PublishedPackage[];
    present: readonly PublishedPackage[];
  },
): PublishedPackage[] {
  const [earlier, later] = [before, present]
    .map((list) => new Set(list.map(({ sha256 }) => sha256))) as [Set<string>, Set<string>];
  const added = present.filter(({ sha256 }) => !earlier.has(sha256));
  const removed = earlier.difference(later);
  const rest = packages.filter((each) =>
    !removed.has(each.sha256) && !added.some((other) => areRivals(each, other))
  );
  return [...rest, ...added].sort(inOrderOfName);
}

function newestOf(found: readonly PublishedPackage[], own: OwnRepository): PublishedPackage[] {
  const { architectures } = own.settings;
  return admit(
    found.filter(({ architecture }) => ["any", ...architectures].includes(architecture)),
    {
      present: [],
      architectures,
      consent: { downgrade: false, replace: true, shadow: true },
      namesakes: () => [],
    },
  ).packages;
}

function bytesOf(packages: readonly PublishedPackage[]): number {
  return packages.reduce((sum, { size }) => sum + size, 0);
}

function refusal(own: OwnRepository, lost: readonly Difference[]): PkgstashError {
  const named = lost.map(({ file, reason }) => `${file}: ${reason}`).join("; ");
  return new PkgstashError(
    "conflict",
    `Cannot rebuild ${own.settings.name}: ${named}. Restore them from a backup, or leave them out ` +
      "with --force. Nothing was published.",
  );
}
