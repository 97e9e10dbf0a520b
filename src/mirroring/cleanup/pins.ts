import { matchesPackage, type NamedPackage } from "../../formats/pacman/package_pattern.ts";

/** Tells which packages are pinned, by the administrator's patterns. */
export class Pins {
  readonly #patterns: readonly string[];

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
  }

  /** Whether a package of this name, in a file of that name, is never removed. */
  has(candidate: NamedPackage): boolean {
    return this.#patterns.some((pattern) => matchesPackage(pattern, candidate));
  }
}
