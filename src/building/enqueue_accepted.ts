import { assertSignedHere, type Publishing } from "../publishing/publishing.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import type { AcceptedBuild } from "./accepted_build.ts";
import { areSameSettings } from "./build_settings.ts";
import type { BuildQueue } from "./queue/build_queue.ts";

const log = eventLogger("building");

const ARCHITECTURE = /^[a-z0-9_]{1,32}$/;

type Repositories = Pick<Publishing, "create" | "repositories">;

/** Queues an accepted tree unless the same build exists, as it may after a crash. */
export async function enqueueAccepted(
  { architectures, ...build }: AcceptedBuild,
  { builds, publishing, repository, isAgain }: {
    builds: Pick<BuildQueue, "all" | "enqueue">;
    publishing: Repositories;
    /** The repository for AUR packages. */
    repository: string;
    /** Whether to build even if the same build exists. */
    isAgain: boolean;
  },
): Promise<void> {
  const latest = builds.all().find(({ packageBase }) => packageBase === build.packageBase);
  const isThere = !isAgain && latest !== undefined && latest.treeHash === build.treeHash &&
    latest.state !== "failed" && latest.state !== "cancelled" &&
    areSameSettings(latest.settings, build.settings);
  if (isThere) return;
  const isMissing = !publishing.repositories.some(({ settings }) => settings.name === repository);
  if (isMissing) await createRepository(publishing, repository, build.approved.by);
  const own = publishing.repositories
    .find(({ settings }) => settings.name === repository)?.settings.architectures ?? [];
  const usable = architectures.includes("any")
    ? ["any"]
    : architectures.filter((each) => own.includes(each));
  if (usable.length > 0) {
    await builds.enqueue({ ...build, architectures: usable, repository });
    return;
  }
  // A package source may contain arbitrary names.
  const named = architectures.filter((each) => ARCHITECTURE.test(each));
  const unusable = `it is for ${named.join(", ") || "no architecture"}, and the repository ` +
    `${repository} has ${own.join(", ") || "none"}: add the architecture to the repository, and ` +
    "retry the build";
  await builds.enqueue({
    ...{ ...build, repository, unusable },
    architectures: [named[0] ?? "any"],
  });
}

/**
 * Creates the repository for AUR packages, unless it exists.
 *
 * @throws PkgstashError `conflict` if builds cannot be published in the existing one.
 */
export async function createRepository(
  publishing: Repositories,
  repository: string,
  by: string,
): Promise<void> {
  const own = publishing.repositories.find(({ settings }) => settings.name === repository);
  if (own !== undefined) return assertSignedHere(own);
  await publishing.create(repository, {}, by);
  log.info("created the repository for AUR packages", { repository });
}
