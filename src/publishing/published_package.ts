import type { PackageInfo } from "../formats/pacman/package_info.ts";

/** A package of a generation: everything that must be known without opening its files. */
export interface PublishedPackage {
  readonly name: string;
  /** `[epoch:]pkgver-pkgrel` */
  readonly version: string;
  /** `any`, or an architecture of the repository. */
  readonly architecture: string;
  readonly fileName: string;
  /** Bytes. */
  readonly size: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  /** Each is `name` or `name<op>version`. */
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  /** When it was added, in milliseconds since the epoch. */
  readonly addedAt: number;
}

/** Builds the entry of a package from its own metadata and the facts about its file. */
export function describePackage(
  { name, version, architecture, depends, provides }: PackageInfo,
  { fileName, size, sha256, addedAt }: Pick<
    PublishedPackage,
    "fileName" | "size" | "sha256" | "addedAt"
  >,
): PublishedPackage {
  return { name, version, architecture, fileName, size, sha256, depends, provides, addedAt };
}

/** The packages in the database of one architecture. */
export function packagesFor(
  packages: readonly PublishedPackage[],
  architecture: string,
): PublishedPackage[] {
  return packages.filter((each) =>
    each.architecture === architecture || each.architecture === "any"
  );
}

/** Whether both would be in one database under the same name, so one has to replace the other. */
export function areRivals(one: PublishedPackage, other: PublishedPackage): boolean {
  return one.name === other.name && (one.architecture === other.architecture ||
    one.architecture === "any" || other.architecture === "any");
}

const FILES = new WeakMap<
  readonly PublishedPackage[],
  ReadonlyMap<string, PublishedPackage>
>();

/** Packages by file name; computed once for each list. */
export function byFileName(
  packages: readonly PublishedPackage[],
): ReadonlyMap<string, PublishedPackage> {
  const known = FILES.get(packages);
  if (known !== undefined) return known;
  const files = new Map(packages.map((each) => [each.fileName, each]));
  FILES.set(packages, files);
  return files;
}
