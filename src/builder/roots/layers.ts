import { join } from "@std/path";
import type { Overlay } from "../sandbox/namespaces.ts";

/**
 * Roots are layers that overlays put on one another. Below a root's directory:
 *
 *     links/         what every root has at its bottom while packages are installed
 *     skeleton/      the same, and what sandboxes mount something on
 *     layers/KEY/    packages: those of base-devel, or what a package needs beyond a layer
 *       root/        the files
 *       usr/         those of /usr, if roots lie above the /usr of this machine
 *     layers/KEY.new-X/   a layer in the making
 */
export interface RootStore {
  readonly directory: string;
  /** Whether the /usr of this machine is below. */
  readonly isAboveHost: boolean;
}

/** Directories that a layer has. */
export function layerParts({ isAboveHost }: RootStore): string[] {
  return isAboveHost ? ["root", "usr", "root.work", "usr.work"] : ["root", "root.work"];
}

/**
 * The overlays that make one root of layers, the uppermost first. With `upper`, the directory of a
 * new layer, the root can be written, and that is what becomes of it; otherwise it has the mount
 * points of sandboxes.
 */
export function overlaysOf(
  { directory, isAboveHost }: RootStore,
  { layers, upper, target }: {
    readonly layers: readonly string[];
    readonly upper: string | null;
    readonly target: string;
  },
): Overlay[] {
  const part = (name: string, bottom: string, at: string): Overlay => ({
    lower: [...layers.map((layer) => join(layer, name)), bottom],
    upper: upper === null
      ? null
      : { directory: join(upper, name), work: join(upper, `${name}.work`) },
    target: at,
  });
  const bottom = join(directory, upper === null ? "skeleton" : "links");
  return [
    part("root", bottom, target),
    ...isAboveHost ? [part("usr", "/usr", join(target, "usr"))] : [],
  ];
}
