import type { Job } from "../../api/builder.ts";
import { parseSrcinfo, type SrcinfoSection, valuesOf } from "../../formats/pacman/srcinfo.ts";

/** What a package source says of itself in its `.SRCINFO`, as far as a build needs it. */
export interface Needs {
  /** What must be installed, as the PKGBUILD writes it. */
  readonly dependencies: readonly string[];
  /** Fingerprints of the keys that may sign its sources. */
  readonly validKeys: readonly string[];
}

/**
 * What a build needs: everything in depends, makedepends and checkdepends, for the architecture too,
 * of the base and of all its packages.
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
  // Packages of a base may depend on each other, which nobody can have installed before.
  const fromBase = all(base);
  const fromPackages = packages.flatMap(all)
    .filter((dependency) => !own.has(dependency.replace(/[<>=].*$/, "")));
  const tools = (["ccache", "sccache"] as const).filter((tool) => settings[tool]);
  return {
    dependencies: [...new Set([...fromBase, ...fromPackages, ...settings.packages, ...tools])],
    validKeys: valuesOf(base, "validpgpkeys") ?? [],
  };
}
