import { PkgstashError } from "../../errors.ts";
import type { Build, BuildRequest, Hold } from "./build.ts";
import { areSameSettings, settingsFaults } from "../build_settings.ts";

/** As makepkg has it, and safe as the name of a file. */
const NAME = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]{0,127}$/;
const VERSION = /^(?:\d+:)?[A-Za-z0-9@._+~]+-[A-Za-z0-9@._+~]+$/;
const ARCHITECTURE = /^[a-z0-9_]{1,32}$/;
const TREE_HASH = /^[0-9a-f]{64}$/;

/**
 * Checks a request: it comes from what others have written.
 *
 * @throws PkgstashError `invalid_request` with all that is wrong.
 */
export function checkRequest(request: BuildRequest): void {
  const { packageBase, packageNames, treeHash, version, architectures, needs } = request;
  const names = [packageBase, ...packageNames, ...needs].filter((name) => !NAME.test(name));
  const faults = [
    ...names.map((name) => `${JSON.stringify(name)} is no name of a package`),
    ...architectures.filter((each) => !ARCHITECTURE.test(each))
      .map((each) => `${JSON.stringify(each)} is no architecture`),
    ...packageNames.length === 0 ? ["it makes no package"] : [],
    ...architectures.length === 0 ? ["it is for no architecture"] : [],
    ...VERSION.test(version) ? [] : [`${JSON.stringify(version)} is no version`],
    ...TREE_HASH.test(treeHash) ? [] : ["its tree has no hash"],
    ...needs.includes(packageBase) ? ["it needs itself"] : [],
    ...settingsFaults(request.settings),
  ];
  if (faults.length === 0) return;
  throw new PkgstashError(
    "invalid_request",
    `Cannot build ${packageBase}: ${faults.join("; ")}. Nothing was queued.`,
  );
}

/** What is different when published files are built again. */
export type Rebuild = Pick<Build, "pkgrel" | "pkgver" | "broken">;

/** A build of files that were just accepted. */
export const NO_REBUILD: Rebuild = { pkgrel: null, pkgver: null, broken: [] };

/** A build that waits for its first attempt, or for a person if nobody can build it. */
export function newBuild(
  request: BuildRequest,
  { number, architecture, again, isVcs, fault, now }: {
    number: number;
    architecture: string;
    again: Rebuild;
    isVcs: boolean;
    /** Why nobody can build it; null if somebody can. */
    fault: Pick<Hold, "kind" | "reason"> | null;
    now: number;
  },
): Build {
  const { architectures: _, unusable: __, ...rest } = request;
  const state = fault === null ? "waiting" : "held";
  const hold: Hold | null = fault === null ? null : { ...fault, facts: [], metadata: null };
  return {
    ...rest,
    ...{ number, architecture, ...again, isVcs, state, createdAt: now, notBefore: 0 },
    ...{ endedAt: null, attempts: [], countsFrom: 1, step: null, isComplete: false, products: [] },
    ...{ differences: [], failure: null, hold, released: null, ended: null },
  };
}

/** Whether a build that waits would do the same. */
export function doesTheSame(
  build: Build,
  request: BuildRequest,
  { architecture, pkgrel }: { architecture: string; pkgrel: string | null },
): boolean {
  return build.state === "waiting" && isOfSamePackage(build, request, architecture) &&
    build.treeHash === request.treeHash && build.pkgrel === pkgrel &&
    areSameSettings(build.settings, request.settings);
}

/**
 * Whether a newer build takes the place of this one, which no builder has. The rebuild of what is
 * published leaves an update alone that a person has yet to look at.
 */
export function isSuperseded(build: Build, by: Build): boolean {
  if (build.state === "held" && isRebuildOfOther(by, build)) return false;
  return (build.state === "waiting" || build.state === "held") && build.number < by.number &&
    isOfSamePackage(build, by, by.architecture);
}

/** Whether `one` builds again what is published, and `other` is made of other files. */
export function isRebuildOfOther(one: Build, other: Build): boolean {
  return one.pkgrel !== null && one.treeHash !== other.treeHash;
}

/** Whether it builds the same package base for the same architecture and repository. */
export function isOfSamePackage(
  build: Build,
  { packageBase, repository }: Pick<BuildRequest, "packageBase" | "repository">,
  architecture: string,
): boolean {
  return build.packageBase === packageBase && build.repository === repository &&
    build.architecture === architecture;
}

/**
 * The rebuild of a published version, with its pkgrel raised by 0.1. Clients upgrade to it, and the
 * next pkgrel of the packager is above it.
 */
export function rebuildOf(
  version: string,
  { isVcs, broken }: { isVcs: boolean; broken: readonly string[] },
): Rebuild {
  const [, pkgver = version, pkgrel = "1"] = /^(?:\d+:)?(.*)-([^-]+)$/.exec(version) ?? [];
  return { pkgrel: raised(pkgrel), pkgver: isVcs ? pkgver : null, broken };
}

function raised(pkgrel: string): string {
  const [, whole = pkgrel, part = "0"] = /^(\d+)(?:\.(\d+))?$/.exec(pkgrel) ?? [];
  return `${whole}.${Number(part) + 1}`;
}
