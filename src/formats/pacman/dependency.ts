import { vercmp } from "./vercmp.ts";

/** How a version is to compare with the one that a dependency names. */
export type VersionOperator = "<" | "<=" | "=" | ">=" | ">";

/** One value of `%DEPENDS%`, `%PROVIDES%`, `%REPLACES%` or `%CONFLICTS%`. */
export interface Dependency {
  /** A package's name or a virtual one: `glibc`, `sh`, `libcrypto.so`. */
  name: string;
  /** Which versions of it; null for any. */
  constraint: { operator: VersionOperator; version: string } | null;
}

const DEPENDENCY = /^([^<>=]*)(?:(<=|>=|[<>=])(.*))?$/s;

/**
 * Splits `name`, `name<op>version` and sonames such as `libcrypto.so=3-64`, which are of the same
 * form. Every string is a dependency of some kind; an odd one names nothing that exists.
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
 * Whether a package of this name and version is what a dependency asks for, what it provides left
 * aside.
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
 * Whether a value of `%PROVIDES%` is what a dependency asks for. One without a version satisfies
 * only a dependency on any version.
 *
 * Source: `_alpm_depcmp_provides` in pacman's lib/libalpm/deps.c.
 */
export function isProvidedBy(dependency: Dependency, provided: Dependency): boolean {
  if (dependency.constraint === null) return dependency.name === provided.name;
  if (provided.constraint?.operator !== "=") return false;
  return isSatisfiedBy(dependency, { name: provided.name, version: provided.constraint.version });
}
