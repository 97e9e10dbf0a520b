/** The parts of a package's file name, `name-version-architecture.extension`. */
export interface PackageFileName {
  /** `%NAME%`; may hold hyphens. */
  name: string;
  /** `[epoch:]pkgver-pkgrel`, as in `%VERSION%`. */
  version: string;
  /** `x86_64`, `any`, ... */
  architecture: string;
  /** From `.pkg.tar` on, with the dot: `.pkg.tar.zst`. */
  extension: string;
}

/** The longest file name Linux file systems take, in bytes (NAME_MAX). */
const MAX_FILE_NAME_BYTES = 255;

const PACKAGE_EXTENSION = /\.pkg\.tar(?:\.(?:gz|bz2|xz|zst|lzo|lrz|lz4|lz|Z))?$/;
const PACKAGE_CHARACTERS = /^[A-Za-z0-9@_+~:][A-Za-z0-9@._+~:-]*$/;
const NAME = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]*$/;
const VERSION = /^(?:[0-9]+:)?[A-Za-z0-9@._+~]+-[A-Za-z0-9@._+~]+$/;
const ARCHITECTURE = /^[A-Za-z0-9_]+$/;

/**
 * Splits the file name of a package, or gives null when it is not one as makepkg names them.
 * Signatures (`.sig`) are not packages: take the suffix off first.
 *
 * `%FILENAME%` of a real database need not have this shape (`chaotic-keyring.pkg.tar.zst` exists):
 * use {@linkcode isPackageFileName} to decide whether a name may be served.
 *
 * Source: the names makepkg writes, and its lint_pkgbuild checks of pkgname, pkgver and epoch.
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
 * Whether a name is safe, ends in a package extension and is written with the characters of package
 * names only: ASCII letters and digits and `@ . _ + - ~ :`, not starting with a dot or a hyphen.
 */
export function isPackageFileName(name: string): boolean {
  return isSafeFileName(name) && PACKAGE_CHARACTERS.test(name) && PACKAGE_EXTENSION.test(name);
}

/**
 * Whether a name can be one path segment on disk without surprise: not empty, no slash, no control
 * character, no leading dot, valid Unicode, at most 255 bytes of UTF-8.
 *
 * Source: `_alpm_validate_filename` in pacman's lib/libalpm/be_sync.c, and stricter.
 */
export function isSafeFileName(name: string): boolean {
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (name === "" || /^\.|[/\x00-\x1f\x7f-\x9f]/.test(name) || !name.isWellFormed()) return false;
  if (name.length > MAX_FILE_NAME_BYTES) return false;
  return new TextEncoder().encode(name).length <= MAX_FILE_NAME_BYTES;
}
