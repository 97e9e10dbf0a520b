import type { Clock } from "../../async/clock.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { vercmp } from "../../formats/pacman/vercmp.ts";
import { parseSrcinfo } from "../../formats/pacman/srcinfo.ts";
import { DAEMON } from "../../version.ts";
import type { AcceptedBuild } from "../accepted_build.ts";
import { areSameSettings } from "../build_settings.ts";
import { patchedTree } from "../patched_tree.ts";
import type { SourceTree } from "../source_tree.ts";
import { followsSource } from "./approved_metadata.ts";
import type { Build, BuildRequest, Hold } from "./build.ts";
import type { Builds } from "./builds.ts";
import { cancelled } from "./build_decisions.ts";
import {
  checkRequest,
  doesTheSame,
  isSuperseded,
  newBuild,
  NO_REBUILD,
  type Rebuild,
  rebuildOf,
} from "./enqueueing.ts";
import type { PublishedBuild, PublishedBuilds, PublishedSummary } from "./published_builds.ts";

export interface IntakeOptions {
  readonly builds: Builds;
  readonly published: PublishedBuilds;
  readonly readTree: (hash: string) => Promise<SourceTree | null>;
  /** @throws PkgstashError `not_found` if there is no such repository. */
  readonly checkRepository: (name: string) => Promise<unknown>;
  /** The build of the accepted files of a package base; null if nothing is accepted. */
  readonly acceptedBuild: (packageBase: string) => Promise<AcceptedBuild | null>;
  readonly clock: Clock;
}

/** Queues builds of accepted trees, and rebuilds of published packages. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /**
   * Queues a build for each architecture. The same files with other settings get a higher pkgrel. If an
   * equivalent build is waiting, it is returned instead; older builds of the package that no builder
   * has are cancelled.
   *
   * @throws PkgstashError `invalid_request`, or `not_found` if there is no such repository or tree.
   */
  async enqueue(
    request: BuildRequest,
    rebuild?: (isVcs: boolean) => Rebuild,
  ): Promise<Build[]> {
    checkRequest(request);
    await this.#options.checkRepository(request.repository);
    const { isVcs, fault } = await this.#lookAt(request);
    const queued: Build[] = [];
    for (const architecture of new Set(request.architectures)) {
      const again = rebuild?.(isVcs) ?? await this.#rebuildFor(request, { architecture, isVcs });
      const same = this.#options.builds.all().find((build) =>
        doesTheSame(build, request, { architecture, pkgrel: again.pkgrel })
      );
      queued.push(
        same ?? await this.#options.builds.add((number) =>
          newBuild(request, {
            ...{ number, architecture, again, isVcs, fault },
            now: this.#options.clock.now(),
          })
        ),
      );
    }
    for (const build of queued) await this.#supersede(build);
    return queued;
  }

  /**
   * Rebuilds published packages from the same files, with pkgrel raised by 0.1 and the settings that
   * are now approved for these files. If other files have been accepted since, the published settings
   * are used, because nobody approved the new settings with the old files.
   *
   * @throws PkgstashError `not_found` if nothing of this name was published by a build.
   */
  async rebuild(name: string, reason: string): Promise<Build[]> {
    const latest = await this.#options.published.ofPackage(name);
    if (latest.length === 0) {
      throw new PkgstashError(
        "not_found",
        `Cannot rebuild ${name}: no build of it has been published. See pkgstash builds.`,
      );
    }
    const queued: Build[] = [];
    for (const each of latest) queued.push(...await this.#again(each, { reason, broken: [] }));
    return queued;
  }

  /** Like `rebuild`, for one publication whose packages depend on something that has disappeared. */
  async repair(
    { repository, packageBase, architecture }: Pick<
      PublishedSummary,
      "repository" | "packageBase" | "architecture"
    >,
    cause: { readonly reason: string; readonly broken: readonly string[] },
  ): Promise<Build[]> {
    const latest = await this.#options.published.find(repository, packageBase, architecture);
    return latest === null ? [] : await this.#again(latest, cause);
  }

  async #again(
    { request, architecture, products }: PublishedBuild,
    { reason, broken }: { readonly reason: string; readonly broken: readonly string[] },
  ): Promise<Build[]> {
    const version = products[0]?.version ?? request.version;
    const accepted = await this.#options.acceptedBuild(request.packageBase);
    const current = accepted?.treeHash === request.treeHash ? accepted : {};
    const again = { ...request, ...current, architectures: [architecture], reason };
    return await this.enqueue(again, (isVcs) => rebuildOf(version, { isVcs, broken }));
  }

  /** New settings need a higher pkgrel, so that clients upgrade. */
  async #rebuildFor(
    request: BuildRequest,
    { architecture, isVcs }: { architecture: string; isVcs: boolean },
  ): Promise<Rebuild> {
    const { repository, packageBase, treeHash, settings } = request;
    const latest = await this.#options.published.find(repository, packageBase, architecture);
    if (latest === null || latest.request.treeHash !== treeHash) return NO_REBUILD;
    if (areSameSettings(latest.request.settings, settings)) return NO_REBUILD;
    const published = latest.products[0]?.version;
    if (published === undefined || vercmp(published, request.version) < 0) return NO_REBUILD;
    return rebuildOf(published, { isVcs, broken: [] });
  }

  /** Whether the files follow a source, and why they cannot be built; null if they can. */
  async #lookAt(
    { packageBase, treeHash, settings, unusable }: BuildRequest,
  ): Promise<{ isVcs: boolean; fault: Pick<Hold, "kind" | "reason"> | null }> {
    const tree = await this.#options.readTree(treeHash);
    if (tree === null) {
      throw new PkgstashError(
        "not_found",
        `Cannot build ${packageBase}: its files are no longer kept. Accept the package again.`,
      );
    }
    const content = tree.get(".SRCINFO")?.content;
    const isVcs = content !== null && content !== undefined &&
      followsSource(parseSrcinfo(new TextDecoder().decode(content)));
    if (unusable !== undefined) {
      return { isVcs, fault: { kind: "architectures", reason: unusable } };
    }
    try {
      await patchedTree(tree, settings.patches);
      return { isVcs, fault: null };
    } catch (error) {
      return { isVcs, fault: { kind: "patches", reason: reasonOf(error) } };
    }
  }

  async #supersede(by: Build): Promise<void> {
    const at = this.#options.clock.now();
    for (const { number } of this.#options.builds.all().filter((each) => isSuperseded(each, by))) {
      const reason = `replaced by build ${by.number}`;
      await this.#options.builds.change(
        number,
        (build) => isSuperseded(build, by) ? cancelled(build, { by: DAEMON, at, reason }) : build,
      );
    }
  }
}
