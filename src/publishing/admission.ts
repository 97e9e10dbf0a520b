import { PkgstashError } from "../errors.ts";
import { isProvidedBy, isSatisfiedBy, parseDependency } from "../formats/pacman/dependency.ts";
import { vercmp } from "../formats/pacman/vercmp.ts";
import { areRivals, type PublishedPackage } from "./published_package.ts";

/** What the caller consents to. */
export interface Consent {
  /** A version older than the published one. */
  readonly downgrade: boolean;
  /** Different bytes under a published name and version. */
  readonly replace: boolean;
  /** The name of a package that a mirrored repository has too. */
  readonly shadow: boolean;
}

/** A mirrored repository that has a package of the same name. */
export interface MirroredNamesake {
  /** The repository's directory. */
  readonly directory: string;
  readonly version: string;
}

/** The packages of a repository after an addition. */
export interface Admission {
  readonly packages: PublishedPackage[];
  /** What the caller should know although nothing was refused. */
  readonly warnings: string[];
}

/**
 * Decides whether packages may join a repository, and what it then contains. All are judged before
 * any is accepted, and every fault is reported.
 *
 * @throws PkgstashError `conflict` with all faults, and the option that allows each.
 */
export function admit(
  incoming: readonly PublishedPackage[],
  { present, architectures, consent, namesakes }: {
    present: readonly PublishedPackage[];
    architectures: readonly string[];
    consent: Consent;
    namesakes: (name: string) => readonly MirroredNamesake[];
  },
): Admission {
  const faults: string[] = [];
  const warnings: string[] = [];
  // Rivals share a name, and a repository may get thousands of packages at once.
  const byName = Map.groupBy(present, ({ name }) => name);
  // If one call brings several versions, the newest is published, such as from a directory with all
  // of them.
  for (const added of incoming.toSorted((one, other) => vercmp(one.version, other.version))) {
    const namesakesHere = byName.get(added.name) ?? [];
    faults.push(...faultsOf(added, { packages: namesakesHere, architectures, consent }));
    for (const { directory, version } of namesakes(added.name)) {
      const clash = `${added.name} is also in ${directory} (${version}); pacman takes the one ` +
        "whose repository pacman.conf lists first";
      if (consent.shadow) warnings.push(clash);
      else faults.push(`${clash} (--shadow allows it)`);
    }
    byName.set(added.name, [...namesakesHere.filter((each) => !areRivals(each, added)), added]);
  }
  if (faults.length > 0) {
    throw new PkgstashError("conflict", `Cannot add: ${faults.join("; ")}. Nothing was changed.`);
  }
  return { packages: [...byName.values()].flat().sort(inOrderOfName), warnings };
}

function faultsOf(
  added: PublishedPackage,
  { packages, architectures, consent }: {
    packages: readonly PublishedPackage[];
    architectures: readonly string[];
    consent: Consent;
  },
): string[] {
  const { fileName, version, architecture } = added;
  if (architecture !== "any" && !architectures.includes(architecture)) {
    return [
      `${fileName} is for ${architecture}, but the repository is for ${listOf(architectures)}`,
    ];
  }
  return packages.filter((each) => areRivals(each, added)).flatMap((rival) => {
    const order = vercmp(version, rival.version);
    if (order < 0 && !consent.downgrade) {
      return [`${fileName} is older than ${rival.version} (--downgrade allows it)`];
    }
    if (order === 0 && rival.sha256 !== added.sha256 && !consent.replace) {
      return [`${fileName} differs from the published file (--replace allows it)`];
    }
    return [];
  });
}

/**
 * What remains of a repository without the packages of these names.
 *
 * @throws PkgstashError `not_found` if a name is missing, `conflict` if other packages depend on
 * one and `force` is not set.
 */
export function withoutPackages(
  names: readonly string[],
  present: readonly PublishedPackage[],
  force: boolean,
): PublishedPackage[] {
  const missing = names.filter((name) => !present.some((each) => each.name === name));
  if (missing.length > 0) {
    throw new PkgstashError(
      "not_found",
      `Cannot remove ${listOf(missing)}: not in the repository. Nothing was changed.`,
    );
  }
  const removed = present.filter(({ name }) => names.includes(name));
  const rest = present.filter(({ name }) => !names.includes(name));
  const needed = rest.flatMap((dependent) =>
    dependent.depends
      .filter((text) => isMetBy(text, removed) && !isMetBy(text, rest))
      .map((text) => `${dependent.name} needs ${text}`)
  );
  if (needed.length > 0 && !force) {
    throw new PkgstashError(
      "conflict",
      `Cannot remove ${listOf(names)}: ${needed.join("; ")} (--force allows it). ` +
        "Nothing was changed.",
    );
  }
  return rest;
}

function isMetBy(text: string, packages: readonly PublishedPackage[]): boolean {
  const dependency = parseDependency(text);
  return packages.some((each) =>
    isSatisfiedBy(dependency, each) ||
    each.provides.some((provided) => isProvidedBy(dependency, parseDependency(provided)))
  );
}

/** The order of packages in a generation. */
export function inOrderOfName(one: PublishedPackage, other: PublishedPackage): number {
  const [a, b] = [`${one.name} ${one.architecture}`, `${other.name} ${other.architecture}`];
  return a < b ? -1 : a > b ? 1 : 0;
}

function listOf(words: readonly string[]): string {
  return words.join(", ");
}
