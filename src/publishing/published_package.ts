import type { PackageInfo } from "../formats/pacman/package_info.ts";

/** A package of a generation: what has to be known of it without opening a file of its own. */
export interface PublishedPackage {
  readonly name: string;
  /** `[epoch:]pkgver-pkgrel` */
  readonly version: string;
  /** `any`, or one of the repository's. */
  readonly architecture: string;
  readonly fileName: string;
  /** Bytes. */
  readonly size: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  /** Each is `name` or `name<op>version`. */
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  /** When it came, in milliseconds since the epoch. */
  readonly addedAt: number;
}

/** A package as it is published, from what it says of itself and what is known of its file. */
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

/** Whether both would be in one database under one name, so that one has to replace the other. */
export function areRivals(one: PublishedPackage, other: PublishedPackage): boolean {
  return one.name === other.name && (one.architecture === other.architecture ||
    one.architecture === "any" || other.architecture === "any");
}

const FILES = new WeakMap<
  readonly PublishedPackage[],
  ReadonlyMap<string, PublishedPackage>
>();

/** Packages by their file names; made once for each list. */
export function byFileName(
  packages: readonly PublishedPackage[],
): ReadonlyMap<string, PublishedPackage> {
  const known = FILES.get(packages);
  if (known !== undefined) return known;
  const files = new Map(packages.map((each) => [each.fileName, each]));
  FILES.set(packages, files);
  return files;
}
