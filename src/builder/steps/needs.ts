import type { Job } from "../../api/builder.ts";
import { parseSrcinfo, type SrcinfoSection, valuesOf } from "../../formats/pacman/srcinfo.ts";

/** What a build needs, from the `.SRCINFO` of the package source. */
export interface Needs {
  /** Packages to install, as the PKGBUILD writes them. */
  readonly dependencies: readonly string[];
  /** Fingerprints of the keys that may sign its sources. */
  readonly validKeys: readonly string[];
}

/**
 * What a build needs: depends, makedepends and checkdepends of the base and of all its packages,
 * including those of the architecture.
 */
export function needsOf(
  srcinfo: string,
  { architecture, settings }: Pick<Job, "architecture" | "settings">,
): Needs {
  const { base, packages } = parseSrcinfo(srcinfo);
  const kinds = ["depends", "makedepends", ...settings.check ? ["checkdepends"] : []];
  const keys = kinds.flatMap((kind) => [kind, `${kind}_${architecture}`]);
  const all = (section: SrcinfoSection) => keys.flatMap((key) => valuesOf(section, key) ?? []);
  const own = new Set(packages.map(({ name }) => name));
  // Packages of one base may depend on each other; these cannot be installed before the build.
  const fromBase = all(base);
  const fromPackages = packages.flatMap(all)
    .filter((dependency) => !own.has(dependency.replace(/[<>=].*$/, "")));
  const tools = (["ccache", "sccache"] as const).filter((tool) => settings[tool]);
  return {
    dependencies: [...new Set([...fromBase, ...fromPackages, ...settings.packages, ...tools])],
    validKeys: valuesOf(base, "validpgpkeys") ?? [],
  };
}
