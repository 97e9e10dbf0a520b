import { join } from "@std/path";
import type { Overlay } from "../sandbox/namespaces.ts";

/**
 * Roots are stacks of layers, mounted as overlays. On disk:
 *
 *     links/         the lowest layer while packages are installed
 *     skeleton/      the same with the mount points of sandboxes
 *     layers/KEY/    packages: those of base-devel, or a further set of dependencies
 *       root/        the files
 *       usr/         those of /usr, if roots use the /usr of this machine
 *     layers/KEY.new-X/   an unfinished layer
 */
export interface RootStore {
  readonly directory: string;
  /** Whether the /usr of this machine is the lowest layer. */
  readonly isAboveHost: boolean;
}

/** The directories of a layer. */
export function layerParts({ isAboveHost }: RootStore): string[] {
  return isAboveHost ? ["root", "usr", "root.work", "usr.work"] : ["root", "root.work"];
}

/**
 * The overlays that mount layers as one root, the uppermost layer first. With `upper`, the directory
 * of a new layer, the root is writable and changes go there; otherwise it is read-only and has the
 * mount points of sandboxes.
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
