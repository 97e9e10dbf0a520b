/** `libfoo.so=5-64`: the version and word size of the ABI, with which makepkg completes `libfoo.so`. */
const COMPLETED = /^([^\s:<>=]+\.so)=[^\s<>=]+$/;
/** `lib:libfoo.so.5`: a prefix for the directory, and the soname; `autodeps` of makepkg 7 adds it. */
const PREFIXED = /^([a-z0-9_]+:[^\s:<>=]+\.so)(?:\.[^\s:<>=]+)?$/i;

/**
 * The library that a dependency or provision names, without the version of its ABI: `libfoo.so` for
 * `libfoo.so=5-64`, `lib:libfoo.so` for `lib:libfoo.so.5`. Null for anything else. A soname with its
 * version before `.so`, such as `lib:libfoo-5.so`, is a library of its own: nothing tells which one
 * succeeds it.
 *
 * Source: `find_libdepends` of makepkg 6, `autodep/library_depends.sh` of makepkg 7.
 */
export function libraryOf(relation: string): string | null {
  return (COMPLETED.exec(relation) ?? PREFIXED.exec(relation))?.[1] ?? null;
}

/** Whether a dependency names a library in one version of its ABI, so that another one breaks it. */
export function isVersionedLibrary(relation: string): boolean {
  const library = libraryOf(relation);
  return library !== null && library !== relation;
}
