/** Tells which packages are pinned, by the administrator's patterns. */
export class Pins {
  readonly #names = new Set<string>();
  readonly #globs: string[] = [];
  readonly #fileGlobs: string[] = [];

  /**
   * Takes names of packages (`linux`), globs of such with `*` and `?` (`nvidia-*`), and names of
   * package files or globs of those: a pattern with `.pkg.tar` in it is about the file.
   */
  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      if (pattern.includes(".pkg.tar")) this.#fileGlobs.push(pattern);
      else if (/[*?]/.test(pattern)) this.#globs.push(pattern);
      else this.#names.add(pattern);
    }
  }

  /** Whether a package of this name, in a file of that name, is never removed. */
  has({ name, fileName }: { name: string; fileName: string }): boolean {
    return this.#names.has(name) ||
      this.#globs.some((glob) => matchesGlob(glob, name)) ||
      this.#fileGlobs.some((glob) => matchesGlob(glob, fileName));
  }
}

/**
 * Whether all of `text` is as `glob` says: `*` stands for any characters or none, `?` for one. Goes
 * back to the last `*` only, so that it takes at most the product of both lengths.
 */
export function matchesGlob(glob: string, text: string): boolean {
  let position = 0;
  let star: { glob: number; text: number } | null = null;
  let at = 0;
  while (at < text.length) {
    if (glob[position] === "*") {
      star = { glob: ++position, text: at };
    } else if (glob[position] === "?" || glob[position] === text[at]) {
      position++;
      at++;
    } else if (star !== null) {
      position = star.glob;
      at = ++star.text;
    } else {
      return false;
    }
  }
  while (glob[position] === "*") position++;
  return position === glob.length;
}
