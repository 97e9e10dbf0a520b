/**
 * Fills in the variables of a `Server` line. Every `$repo` and `$arch` is replaced as plain text,
 * so that `$arch_v3` becomes `x86_64_v3`; one slash at the end is dropped.
 *
 * Source: `_add_mirror` in pacman's src/pacman/conf.c and `sanitize_url` in lib/libalpm/db.c.
 */
export function expandServer(template: string, repo: string, arch: string): string {
  // Functions, because "$&" and "$1" have a special meaning in replacement strings.
  const url = template.replaceAll("$repo", () => repo).replaceAll("$arch", () => arch);
  return url.endsWith("/") ? url.slice(0, -1) : url;
}

/**
 * The complete `Server` line for a mirror: a line with variables is used as it is; to the root of a
 * mirror, `layout` is appended, if there is one. No trailing slash.
 */
export function serverLine(mirror: string, layout: string): string {
  const base = mirror.replace(/\/+$/, "");
  return layout === "" || hasVariable(base) ? base : `${base}/${layout}`;
}

/**
 * The root of the mirror that a complete line belongs to: what precedes `layout` if the line ends
 * with it, otherwise what precedes the first segment with a variable.
 */
export function mirrorRoot(line: string, layout: string): string {
  if (layout !== "" && line.endsWith(`/${layout}`)) return line.slice(0, -layout.length - 1);
  const segments = line.split("/");
  const variable = segments.findIndex(hasVariable);
  return variable < 0 ? line : segments.slice(0, variable).join("/");
}

/** Whether a line of a mirrorlist has a part that depends on the repository or architecture. */
export function hasVariable(line: string): boolean {
  return line.includes("$repo") || line.includes("$arch");
}

/**
 * The addresses of a mirrorlist, in order and with their variables: the values of its `Server`
 * lines. Comments, other keys and sections are skipped.
 *
 * Source: `parse_ini` in pacman's src/pacman/ini.c.
 */
export function parseMirrorlist(text: string): string[] {
  return text.replace(/^\ufeff/, "").split("\n").flatMap((line) => {
    // An address cannot contain "#", so a comment after it is recognized.
    const [, address] = /^\s*Server\s*=\s*(\S+)\s*(?:#.*)?$/.exec(line) ?? [];
    return address === undefined ? [] : [address];
  });
}
