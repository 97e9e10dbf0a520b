import { vercmp } from "./vercmp.ts";

/** How a package's version must compare with the one in a dependency. */
export type VersionOperator = "<" | "<=" | "=" | ">=" | ">";

/** One value of `%DEPENDS%`, `%PROVIDES%`, `%REPLACES%` or `%CONFLICTS%`. */
export interface Dependency {
  /** Name of a package, or of something that packages provide: `glibc`, `sh`, `libcrypto.so`. */
  name: string;
  /** The versions allowed; null for any. */
  constraint: { operator: VersionOperator; version: string } | null;
}

const DEPENDENCY = /^([^<>=]*)(?:(<=|>=|[<>=])(.*))?$/s;

/**
 * Splits `name` or `name<op>version`, which is also the form of sonames (`libcrypto.so=3-64`). No
 * text is refused; a malformed one merely names nothing that exists.
 *
 * Source: `alpm_dep_from_string` in pacman's lib/libalpm/deps.c.
 */
export function parseDependency(text: string): Dependency {
  const [, name = text, operator, version = ""] = DEPENDENCY.exec(text) ?? [];
  return {
    name,
    constraint: operator === undefined ? null : { operator: operator as VersionOperator, version },
  };
}

/**
 * Whether a package satisfies a dependency by its own name and version, as opposed to what it
 * provides.
 *
 * Source: `_alpm_depcmp_literal` in pacman's lib/libalpm/deps.c.
 */
export function isSatisfiedBy(
  { name, constraint }: Dependency,
  candidate: { name: string; version: string },
): boolean {
  if (name !== candidate.name) return false;
  if (constraint === null) return true;
  const order = vercmp(candidate.version, constraint.version);
  switch (constraint.operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">":
      return order > 0;
  }
}

/**
 * Whether a value of `%PROVIDES%` satisfies a dependency. One without a version satisfies only a
 * dependency without a constraint.
 *
 * Source: `_alpm_depcmp_provides` in pacman's lib/libalpm/deps.c.
 */
export function isProvidedBy(dependency: Dependency, provided: Dependency): boolean {
  if (dependency.constraint === null) return dependency.name === provided.name;
  if (provided.constraint?.operator !== "=") return false;
  return isSatisfiedBy(dependency, { name: provided.name, version: provided.constraint.version });
}
