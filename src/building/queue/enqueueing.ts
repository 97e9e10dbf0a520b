import { PkgstashError } from "../../errors.ts";
import type { Build, BuildRequest, Hold } from "./build.ts";
import { areSameSettings, settingsFaults } from "../build_settings.ts";

/** Valid for makepkg, and safe as a file name. */
const NAME = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]{0,127}$/;
const VERSION = /^(?:\d+:)?[A-Za-z0-9@._+~]+-[A-Za-z0-9@._+~]+$/;
const ARCHITECTURE = /^[a-z0-9_]{1,32}$/;
const TREE_HASH = /^[0-9a-f]{64}$/;

/**
 * Checks a request, because it contains names and versions from package sources.
 *
 * @throws PkgstashError `invalid_request` with all faults.
 */
export function checkRequest(request: BuildRequest): void {
  const { packageBase, packageNames, treeHash, version, architectures, needs } = request;
  const names = [packageBase, ...packageNames, ...needs].filter((name) => !NAME.test(name));
  const faults = [
    ...names.map((name) => `${JSON.stringify(name)} is not a valid package name`),
    ...architectures.filter((each) => !ARCHITECTURE.test(each))
      .map((each) => `${JSON.stringify(each)} is not an architecture`),
    ...packageNames.length === 0 ? ["it contains no package"] : [],
    ...architectures.length === 0 ? ["it is for no architecture"] : [],
    ...VERSION.test(version) ? [] : [`${JSON.stringify(version)} is not a version`],
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

/** What differs in a rebuild of published files. */
export type Rebuild = Pick<Build, "pkgrel" | "pkgver" | "broken">;

/** A build of newly accepted files. */
export const NO_REBUILD: Rebuild = { pkgrel: null, pkgver: null, broken: [] };

/** A new build: waiting, or held if it cannot be built. */
export function newBuild(
  request: BuildRequest,
  { number, architecture, again, isVcs, fault, now }: {
    number: number;
    architecture: string;
    again: Rebuild;
    isVcs: boolean;
    /** Why it cannot be built; null if it can. */
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

/** Whether a waiting build would do the same. */
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
 * Whether a newer build replaces this one, which no builder has. A rebuild of the published version
 * does not replace a held update.
 */
export function isSuperseded(build: Build, by: Build): boolean {
  if (build.state === "held" && isRebuildOfOther(by, build)) return false;
  return (build.state === "waiting" || build.state === "held") && build.number < by.number &&
    isOfSamePackage(build, by, by.architecture);
}

/** Whether `one` is a rebuild of the published version, and `other` has other files. */
export function isRebuildOfOther(one: Build, other: Build): boolean {
  return one.pkgrel !== null && one.treeHash !== other.treeHash;
}

/** Whether both build the same package base for the same architecture and repository. */
export function isOfSamePackage(
  build: Build,
  { packageBase, repository }: Pick<BuildRequest, "packageBase" | "repository">,
  architecture: string,
): boolean {
  return build.packageBase === packageBase && build.repository === repository &&
    build.architecture === architecture;
}

/**
 * A rebuild of a published version, with pkgrel raised by 0.1: clients upgrade to it, and later to the
 * packager's next pkgrel.
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
