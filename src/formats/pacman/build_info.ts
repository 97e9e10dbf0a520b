import { readKeyValueLines } from "./key_value_lines.ts";

/** The parts of a package's `.BUILDINFO` that are used here. */
export interface BuildInfo {
  /** pkgname, or null. */
  readonly name: string | null;
  /** pkgbase, or null. */
  readonly base: string | null;
  /** pkgver: `[epoch:]pkgver-pkgrel`, or null. */
  readonly version: string | null;
  /** pkgarch, or null, as before pacman 6. */
  readonly architecture: string | null;
  /** pkgbuild_sha256sum: digest of the PKGBUILD in hexadecimal digits, or null. */
  readonly pkgbuildSha256: string | null;
  /** buildtool, such as `devtools`, or null. */
  readonly buildTool: string | null;
  /** installed: `name-version-architecture` of every installed package. */
  readonly installed: readonly string[];
}

/**
 * Reads a `.BUILDINFO` of any format.
 *
 * Source: `write_buildinfo` in pacman's scripts/makepkg.sh.in, and BUILDINFO(5).
 * @throws {PkgstashError} of kind "content" if a line has no key.
 */
export function parseBuildInfo(text: string): BuildInfo {
  const single = new Map<string, string>();
  const installed: string[] = [];
  readKeyValueLines(".BUILDINFO", text, (key, value) => {
    if (key === "installed") installed.push(value);
    else single.set(key, value);
  });
  const optional = (key: string) => single.get(key) || null;
  return {
    name: optional("pkgname"),
    base: optional("pkgbase"),
    version: optional("pkgver"),
    architecture: optional("pkgarch"),
    pkgbuildSha256: optional("pkgbuild_sha256sum"),
    buildTool: optional("buildtool"),
    installed,
  };
}
