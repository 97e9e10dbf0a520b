/** What a pattern is compared with. */
export interface PackageSubject {
  /** The package's name, like `linux`. */
  readonly name: string;
  /** The name of the package file, like `linux-6.1-1-x86_64.pkg.tar.zst`. */
  readonly fileName: string;
}

/**
 * Compiles patterns into a predicate that is true for every package that matches at least one. A
 * pattern is a package name (`linux`), a glob of names with `*` and `?` (`nvidia-*`), or a name or
 * glob of package files: a pattern that contains `.pkg.tar` is compared with the file name.
 */
export function packageMatcher(patterns: readonly string[]): (subject: PackageSubject) => boolean {
  const names = new Set<string>();
  const nameGlobs: string[] = [];
  const fileGlobs: string[] = [];
  for (const pattern of patterns) {
    if (pattern.includes(".pkg.tar")) fileGlobs.push(pattern);
    else if (/[*?]/.test(pattern)) nameGlobs.push(pattern);
    else names.add(pattern);
  }
  return ({ name, fileName }) =>
    names.has(name) ||
    nameGlobs.some((glob) => matchesGlob(glob, name)) ||
    fileGlobs.some((glob) => matchesGlob(glob, fileName));
}

/**
 * Whether `glob` matches all of `text`: `*` stands for any number of characters, `?` for exactly
 * one. Backtracks to the last `*` only, so the time is at most the product of both lengths.
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
