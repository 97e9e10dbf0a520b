/** What a pattern is compared with. */
export interface NamedPackage {
  /** `%NAME%`, such as `linux`. */
  readonly name: string;
  /** Such as `linux-6.1-1-x86_64.pkg.tar.zst`. */
  readonly fileName: string;
}

/**
 * Whether a package matches a pattern, which is a package name or file name, or a glob of either. A
 * pattern with `.pkg.tar` in it is compared with the file name, any other with the package name.
 */
export function matchesPackage(pattern: string, { name, fileName }: NamedPackage): boolean {
  return matchesGlob(pattern, pattern.includes(".pkg.tar") ? fileName : name);
}

/**
 * Whether all of `text` matches `glob`, in which `*` stands for any characters or none, and `?` for
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
