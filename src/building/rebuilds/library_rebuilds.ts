import { BackgroundWork } from "../../async/background_work.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { libraryOf } from "../../formats/pacman/library.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { AvailablePackages } from "../available_packages.ts";
import { hasEnded } from "../queue/build.ts";
import type { BuildQueue } from "../queue/build_queue.ts";
import type { PublishedSummary } from "../queue/published_builds.ts";
import { breakageText, keyOf, planRebuilds, type SeenPublication } from "./rebuild_plan.ts";

const log = eventLogger("rebuilds");

export interface LibraryRebuildsOptions {
  /** The file that keeps the last known state across restarts. */
  readonly path: string;
  readonly builds: Pick<BuildQueue, "published" | "all" | "repair" | "listen">;
  readonly available: Pick<
    AvailablePackages,
    "unsatisfiedIfKnown" | "versionsOf" | "databasesChangedAt" | "has"
  >;
  /** Whether a person holds the package. */
  readonly isHeld: (packageBase: string) => boolean;
  /** Adds an automatic action to the audit log. */
  readonly record: (action: string, details: Readonly<Record<string, unknown>>) => Promise<void>;
}

/**
 * Rebuilds published packages when a library that they are linked against has changed. It checks after
 * each new database and after each build.
 */
export class LibraryRebuilds {
  readonly #options: LibraryRebuildsOptions;
  readonly #background = new BackgroundWork((failure, error) =>
    log.error(failure, { reason: reasonOf(error) })
  );
  #seen: Map<string, SeenPublication>;
  #isWanted = false;
  #isRunning = false;
  #isStopped = false;

  private constructor(options: LibraryRebuildsOptions, seen: Map<string, SeenPublication>) {
    this.#options = options;
    this.#seen = seen;
  }

  static async open(options: LibraryRebuildsOptions): Promise<LibraryRebuilds> {
    const rebuilds = new LibraryRebuilds(options, await readSeen(options.path));
    const look = () => rebuilds.look();
    options.builds.listen({ onPublished: look, onHeld: look, onFailed: look, onCancelled: look });
    return rebuilds;
  }

  /** Starts a check soon. Calls during a check lead to one more. */
  look(): void {
    this.#isWanted = true;
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    this.#background.add("cannot rebuild packages for a changed library", this.#run());
  }

  /** Resolves once no check is running. */
  settled(): Promise<void> {
    return this.#background.settled();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.settled();
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWanted && !this.#isStopped) {
        this.#isWanted = false;
        await this.#look();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #look(): Promise<void> {
    const { builds, available, isHeld } = this.#options;
    const published = await this.#linked();
    const libraries = [...new Set(published.flatMap((each) => each.libraries))];
    if (libraries.length === 0) return;
    const unmet = await available.unsatisfiedIfKnown(libraries);
    if (unmet === null) return;
    const lost = [...new Set(unmet.map((each) => libraryOf(each) ?? each))];
    const changedAt = await available.databasesChangedAt();
    const all = builds.all();
    const open = new Set(all.filter((each) => !hasEnded(each) && each.state !== "held").map(keyOf));
    const begunAt = new Map(
      all.map(({ number, attempts }) => [number, attempts.at(-1)?.startedAt ?? Infinity]),
    );
    const { rebuilds, seen } = planRebuilds({
      published,
      seen: this.#seen,
      unmet: new Set(unmet),
      present: lost.length === 0 ? new Map() : await available.versionsOf(lost),
      isOutrun: ({ build }) => changedAt >= (begunAt.get(build) ?? Infinity),
      isBusy: (publication) => open.has(keyOf(publication)) || isHeld(publication.packageBase),
    });
    for (const { publication, breakages } of rebuilds) {
      const { packageBase } = publication;
      const reason = breakageText(breakages);
      const broken = breakages.map(({ dependency }) => dependency);
      const queued = await builds.repair(publication, { reason, broken });
      log.info("rebuilding a package, because a library has changed", {
        package: packageBase,
        reason,
      });
      await this.#options.record("Rebuild a package", {
        package: packageBase,
        builds: queued.map(({ number }) => number),
        reason,
      });
    }
    // Last: after a crash in between, the build is already in the queue.
    await this.#keep(seen);
  }

  /** Publications that need a library and that nobody has removed or replaced. */
  async #linked(): Promise<PublishedSummary[]> {
    const linked: PublishedSummary[] = [];
    for (const each of this.#options.builds.published) {
      if (each.libraries.length === 0) continue;
      if (await this.#options.available.has(each.repository, each.products)) linked.push(each);
    }
    return linked;
  }

  async #keep(seen: ReadonlyMap<string, SeenPublication>): Promise<void> {
    const text = textOf(seen);
    if (text === textOf(this.#seen)) return;
    await writeFileDurably(this.#options.path, text, { mode: 0o600 });
    this.#seen = new Map(seen);
  }
}

function textOf(seen: ReadonlyMap<string, SeenPublication>): string {
  const sorted = [...seen].toSorted(([one], [other]) => one < other ? -1 : 1);
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}

async function readSeen(path: string): Promise<Map<string, SeenPublication>> {
  try {
    const seen = JSON.parse(await Deno.readTextFile(path)) as Record<string, SeenPublication>;
    const isWhole = Object.values(seen).every(({ met, tried }) =>
      Array.isArray(met) && Array.isArray(tried)
    );
    if (!isWhole) throw new Error("it is not a valid list of publications");
    return new Map(Object.entries(seen));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Map();
    throw new PkgstashError(
      "storage",
      `Cannot read the libraries that packages need in ${path}: ${reasonOf(error)}. ` +
        "Remove the file: published packages are then checked anew, and those that a library has " +
        "broken before are not rebuilt automatically.",
      { cause: error },
    );
  }
}
