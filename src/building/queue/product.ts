import { createHash } from "node:crypto";
import type { PackageArchive, PrivilegedFile } from "../../formats/pacman/package_archive.ts";

/** The properties of a built package that the next build is compared with. */
export interface Product {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly packager: string | null;
  /** Size of the file in bytes. */
  readonly size: number;
  /** Installed size in bytes. */
  readonly installedSize: number | null;
  /** Folders have a trailing slash. */
  readonly files: readonly string[];
  readonly privileged: readonly PrivilegedFile[];
  /** SHA-256 of its `.INSTALL` in hexadecimal digits; null if it has none. */
  readonly script: string | null;
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  readonly conflicts: readonly string[];
  readonly replaces: readonly string[];
  readonly groups: readonly string[];
  readonly backup: readonly string[];
}

/** Extracts these properties from a package. */
export function productOf(
  { info, files, privileged, script }: PackageArchive,
  size: number,
): Product {
  const { name, version, architecture, packager, installedSize } = info;
  const { depends, provides, conflicts, replaces, groups, backup } = info;
  return {
    ...{ name, version, architecture, packager, size, installedSize, files, privileged },
    script: script === null ? null : digestOf(script),
    ...{ depends, provides, conflicts, replaces, groups, backup },
  };
}

/** SHA-256 in hexadecimal digits. */
export function digestOf(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}
