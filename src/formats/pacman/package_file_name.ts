/** The parts of a package's file name, `name-version-architecture` and an extension. */
export interface PackageFileName {
  /** As `%NAME%`; may contain hyphens. */
  name: string;
  /** As `%VERSION%`: `[epoch:]pkgver-pkgrel`. */
  version: string;
  /** `x86_64`, `any`, and so on. */
  architecture: string;
  /** From the dot of `.pkg.tar` to the end: `.pkg.tar.zst`. */
  extension: string;
}

/** The longest file name on Linux (NAME_MAX). */
const MAX_FILE_NAME_BYTES = 255;

const PACKAGE_EXTENSION = /\.pkg\.tar(?:\.(?:gz|bz2|xz|zst|lzo|lrz|lz4|lz|Z))?$/;
const PACKAGE_CHARACTERS = /^[A-Za-z0-9@_+~:][A-Za-z0-9@._+~:-]*$/;
const NAME = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]*$/;
const VERSION = /^(?:[0-9]+:)?[A-Za-z0-9@._+~]+-[A-Za-z0-9@._+~]+$/;
const ARCHITECTURE = /^[A-Za-z0-9_]+$/;

/**
 * Splits the file name of a package; returns null if makepkg would not write such a name. A
 * signature is not a package: remove its `.sig` first.
 *
 * A real `%FILENAME%` need not have this form (`chaotic-keyring.pkg.tar.zst` exists), so use
 * {@linkcode isPackageFileName} to decide whether a name may be served.
 *
 * Source: the names that makepkg writes, and its checks of pkgname, pkgver and epoch
 * (lint_pkgbuild).
 */
export function parsePackageFileName(fileName: string): PackageFileName | null {
  if (!isPackageFileName(fileName)) return null;
  const extension = PACKAGE_EXTENSION.exec(fileName)?.[0] ?? "";
  const stem = fileName.slice(0, fileName.length - extension.length);
  const beforeArchitecture = stem.lastIndexOf("-");
  const beforePkgrel = stem.lastIndexOf("-", beforeArchitecture - 1);
  const beforePkgver = stem.lastIndexOf("-", beforePkgrel - 1);
  if (beforePkgver < 1 || beforePkgrel <= beforePkgver) return null;
  const name = stem.slice(0, beforePkgver);
  const version = stem.slice(beforePkgver + 1, beforeArchitecture);
  const architecture = stem.slice(beforeArchitecture + 1);
  if (!NAME.test(name) || !VERSION.test(version) || !ARCHITECTURE.test(architecture)) return null;
  return { name, version, architecture, extension };
}

/**
 * Whether a name is safe, ends in a package extension, and consists of ASCII letters, digits and `@
 * . _ + - ~ :` without a leading dot or hyphen.
 */
export function isPackageFileName(name: string): boolean {
  return isSafeFileName(name) && PACKAGE_CHARACTERS.test(name) && PACKAGE_EXTENSION.test(name);
}

/**
 * Whether a name is safe as one path segment on disk: not empty, without slashes, control
 * characters or a leading dot, valid Unicode, and at most 255 bytes long in UTF-8.
 *
 * Source: `_alpm_validate_filename` in pacman's lib/libalpm/be_sync.c, which is less strict.
 */
export function isSafeFileName(name: string): boolean {
  // deno-lint-ignore no-control-regex -- control characters are what it excludes
  if (name === "" || /^\.|[/\x00-\x1f\x7f-\x9f]/.test(name) || !name.isWellFormed()) return false;
  if (name.length > MAX_FILE_NAME_BYTES) return false;
  return new TextEncoder().encode(name).length <= MAX_FILE_NAME_BYTES;
}
