import { PkgstashError } from "../../errors.ts";
import { isSafeFileName } from "./package_file_name.ts";
import { type FieldTable, parseFields } from "./desc_fields.ts";

/** How a package relates to others: each value is `name` or `name<op>version`. */
export interface PackageRelations {
  /** `%DEPENDS%` */
  depends?: string[];
  /** `%OPTDEPENDS%`, each as `name: why` */
  optDepends?: string[];
  /** `%MAKEDEPENDS%` */
  makeDepends?: string[];
  /** `%CHECKDEPENDS%` */
  checkDepends?: string[];
  /** `%CONFLICTS%` */
  conflicts?: string[];
  /** `%PROVIDES%` */
  provides?: string[];
  /** `%REPLACES%` */
  replaces?: string[];
}

/** The keys of {@linkcode PackageRelations}, for {@linkcode parseFields}. */
export const RELATION_FIELDS: FieldTable = new Map([
  ["DEPENDS", ["depends", "list"]],
  ["OPTDEPENDS", ["optDepends", "list"]],
  ["MAKEDEPENDS", ["makeDepends", "list"]],
  ["CHECKDEPENDS", ["checkDepends", "list"]],
  ["CONFLICTS", ["conflicts", "list"]],
  ["PROVIDES", ["provides", "list"]],
  ["REPLACES", ["replaces", "list"]],
]);

/** The `desc` of one package in a sync database. A property is absent if its key is. */
export interface PackageDesc extends PackageRelations {
  /** `%FILENAME%`: safe as one path segment, but not always of the form that makepkg writes. */
  fileName: string;
  /** `%NAME%` */
  name: string;
  /** `%BASE%`: the name that the packages of one PKGBUILD share. */
  base?: string;
  /** `%VERSION%`: `[epoch:]pkgver-pkgrel`. */
  version: string;
  /** `%DESC%` */
  description?: string;
  /** `%GROUPS%` */
  groups?: string[];
  /** `%CSIZE%`: size of the package file in bytes. */
  compressedSize?: number;
  /** `%ISIZE%`: size when installed in bytes. */
  installedSize?: number;
  /** `%MD5SUM%` of the package file: 32 lower-case hexadecimal digits. */
  md5sum?: string;
  /** `%SHA256SUM%` of the package file: 64 lower-case hexadecimal digits. */
  sha256sum?: string;
  /** `%PGPSIG%`: the detached signature of the package file in base64, unchecked. */
  pgpSignature?: string;
  /** `%URL%`: website of the packaged project. */
  url?: string;
  /** `%LICENSE%` */
  licenses?: string[];
  /** `%ARCH%` */
  architecture?: string;
  /** `%BUILDDATE%` in seconds since the epoch. */
  buildDate?: number;
  /** `%PACKAGER%` */
  packager?: string;
  /** `%DATA%`: `key=value` pairs such as `pkgtype=pkg`. */
  extendedData?: string[];
}

const DESC_FIELDS: FieldTable = new Map([
  ...RELATION_FIELDS,
  ["FILENAME", ["fileName", "text"]],
  ["NAME", ["name", "text"]],
  ["BASE", ["base", "text"]],
  ["VERSION", ["version", "text"]],
  ["DESC", ["description", "text"]],
  ["GROUPS", ["groups", "list"]],
  ["CSIZE", ["compressedSize", "number"]],
  ["ISIZE", ["installedSize", "number"]],
  ["MD5SUM", ["md5sum", "text"]],
  ["SHA256SUM", ["sha256sum", "text"]],
  ["PGPSIG", ["pgpSignature", "text"]],
  ["URL", ["url", "text"]],
  ["LICENSE", ["licenses", "list"]],
  ["ARCH", ["architecture", "text"]],
  ["BUILDDATE", ["buildDate", "number"]],
  ["PACKAGER", ["packager", "text"]],
  ["DATA", ["extendedData", "list"]],
]);

// deno-lint-ignore no-control-regex -- control characters are what it excludes
const PATH_SAFE_WORD = /^[^\s/\x00-\x1f\x7f]+$/;

/**
 * Reads the `desc` file of one package in a sync database. Unknown keys are skipped.
 *
 * Source: `sync_db_read` in pacman's lib/libalpm/be_sync.c.
 * @throws {PkgstashError} of kind "content" if %NAME%, %VERSION% or %FILENAME% is missing or not
 * one plain path segment, if a checksum or a number is malformed, or if a value is too long.
 */
export function parseDesc(text: string): PackageDesc {
  const desc = parseFields(text, DESC_FIELDS) as Partial<PackageDesc>;
  const name = required("%NAME%", desc.name, isName);
  const version = required("%VERSION%", desc.version, isVersion);
  const fileName = required("%FILENAME%", desc.fileName, isSafeFileName);
  const result: PackageDesc = { ...desc, name, version, fileName };
  if (desc.md5sum !== undefined) result.md5sum = checksum("%MD5SUM%", desc.md5sum, 32);
  if (desc.sha256sum !== undefined) result.sha256sum = checksum("%SHA256SUM%", desc.sha256sum, 64);
  return result;
}

/**
 * Reads the `depends` file that sync databases had beside `desc` until about 2018; since then its
 * blocks are part of `desc`.
 *
 * @throws {PkgstashError} of kind "content" if a value is too long.
 */
export function parseDepends(text: string): PackageRelations {
  return parseFields(text, RELATION_FIELDS) as PackageRelations;
}

function isName(value: string): boolean {
  return PATH_SAFE_WORD.test(value) && !/^[.-]/.test(value);
}

/** Unlike a name, a version may begin with a dot: `.r21391.g12f167e1a-1` is a real one. */
function isVersion(value: string): boolean {
  return PATH_SAFE_WORD.test(value);
}

function required(
  key: string,
  value: string | undefined,
  isValid: (value: string) => boolean,
): string {
  if (value !== undefined && isValid(value)) return value;
  const fault = value === undefined ? "is missing" : `is not valid: ${quoted(value)}`;
  throw new PkgstashError("content", `Cannot read a package description: ${key} ${fault}.`);
}

function checksum(key: string, value: string, digits: number): string {
  const lower = value.toLowerCase();
  if (lower.length === digits && /^[0-9a-f]+$/.test(lower)) return lower;
  throw new PkgstashError(
    "content",
    `Cannot read a package description: ${key} must be ${digits} hexadecimal digits, found ${
      quoted(value)
    }.`,
  );
}

function quoted(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
}
