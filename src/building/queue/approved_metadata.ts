import type { Dependency } from "../../formats/pacman/dependency.ts";
import { parseDependency } from "../../formats/pacman/dependency.ts";
import { type FollowedSource, followedSourceOf } from "../../formats/pacman/vcs_source.ts";
import { type Srcinfo, type SrcinfoSection, valuesOf } from "../../formats/pacman/srcinfo.ts";

/** Keys whose values are relations, which may contain the package's own version. */
export const RELATIONS: ReadonlySet<string> = new Set([
  "depends",
  "makedepends",
  "checkdepends",
  "optdepends",
  "provides",
  "conflicts",
  "replaces",
]);

/**
 * The values of a key for one package and one architecture: those of the package override those of
 * the base, and those for the architecture are added.
 */
export function valuesFor(
  srcinfo: Srcinfo,
  key: string,
  { packageName, architecture }: { packageName: string; architecture: string },
): string[] {
  const own = srcinfo.packages.find(({ name }) => name === packageName);
  const of = (name: string) => {
    const values = (own === undefined ? null : valuesOf(own, name)) ?? valuesOf(srcinfo.base, name);
    return (values ?? []).filter((value) => value !== "");
  };
  return [...of(key), ...architecture === "any" ? [] : of(`${key}_${architecture}`)];
}

/** The single value of a key of the base; "" if there is none. */
export function singleOf(base: SrcinfoSection, key: string): string {
  return valuesOf(base, key)?.at(-1) ?? "";
}

/**
 * Whether a package follows a source, so that pkgver() may return a new version although its files
 * stay the same: one of its sources is a repository without a fixed tag or commit.
 */
export function followsSource(srcinfo: Srcinfo): boolean {
  return followedSources(srcinfo).length > 0;
}

/** The repositories that the sources of a package follow, for all architectures. */
export function followedSources({ base }: Srcinfo): FollowedSource[] {
  return base.lines.filter(({ key }) => /^source(?:_|$)/.test(key))
    .flatMap(({ value }) => followedSourceOf(value) ?? []);
}

/** A relation without the package's own version, to compare two versions of the package. */
export function withoutOwnVersion(
  value: string,
  { pkgver, pkgrel, epoch }: { pkgver: string; pkgrel: string; epoch: string },
): string {
  const prefix = epoch === "" ? "" : `${epoch}:`;
  const own = [pkgver, `${prefix}${pkgver}`, `${pkgver}-${pkgrel}`, `${prefix}${pkgver}-${pkgrel}`];
  const { name, constraint }: Dependency = parseDependency(value);
  if (constraint === null || !own.includes(constraint.version)) return value;
  return `${name}${constraint.operator}(its own version)`;
}
