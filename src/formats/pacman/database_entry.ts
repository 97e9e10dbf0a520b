import type { PackageInfo } from "./package_info.ts";

/** What a database says about a package's file, besides the package's own metadata. */
export interface PackageFile {
  /** Its name in the repository. */
  readonly fileName: string;
  /** Its size in bytes. */
  readonly size: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /**
   * 32 lower-case hexadecimal digits, for a database in the format of repo-add before pacman 6.1.
   */
  readonly md5?: string;
  /** The detached signature in base64, to be embedded. */
  readonly signature?: string;
}

/**
 * The `desc` of a package as written by repo-add of pacman 7: the same fields in the same order. It
 * no longer has %MD5SUM%, and %PGPSIG% only on request.
 *
 * Source: `db_write_entry` in pacman's scripts/repo-add.sh.in.
 */
export function descText(info: PackageInfo, file: PackageFile): string {
  const { buildDate } = info;
  return [
    field("FILENAME", file.fileName),
    field("NAME", info.name),
    field("BASE", info.base),
    field("VERSION", info.version),
    field("DESC", info.description),
    field("GROUPS", ...info.groups),
    field("CSIZE", file.size),
    field("ISIZE", info.installedSize),
    field("MD5SUM", file.md5 ?? null),
    field("SHA256SUM", file.sha256),
    field("PGPSIG", file.signature ?? null),
    field("URL", info.url),
    field("LICENSE", ...info.licenses),
    field("ARCH", info.architecture),
    field("BUILDDATE", buildDate === null ? null : Math.floor(buildDate / 1000)),
    field("PACKAGER", info.packager),
    field("REPLACES", ...info.replaces),
    field("CONFLICTS", ...info.conflicts),
    field("PROVIDES", ...info.provides),
    field("DEPENDS", ...info.depends),
    field("OPTDEPENDS", ...info.optdepends),
    field("MAKEDEPENDS", ...info.makedepends),
    field("CHECKDEPENDS", ...info.checkdepends),
  ].join("");
}

/** The `files` of a package in a files database; `files` are the paths in its archive, sorted. */
export function filesText(files: readonly string[]): string {
  return ["%FILES%", ...files, ""].join("\n");
}

function field(key: string, ...values: readonly (string | number | null)[]): string {
  if (values.length === 0 || values[0] === null) return "";
  return `%${key}%\n${values.join("\n")}\n\n`;
}
