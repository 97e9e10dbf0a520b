import { vercmp } from "../formats/pacman/vercmp.ts";
import type { PublishedPackage } from "./published_package.ts";

/** What a publication did to a package. */
export type ChangeKind = "added" | "removed" | "upgraded" | "downgraded" | "replaced";

/** A package before and after a publication; one of them is null if it was added or removed. */
export interface PackageChange {
  readonly kind: ChangeKind;
  readonly from: PublishedPackage | null;
  readonly to: PublishedPackage | null;
}

/** A file of a generation, and what it must contain. */
export interface GenerationFile {
  readonly size: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * One publication of a repository. Generations are numbered from 1 and never change. The packages
 * are listed in its `packages.json`.
 */
export interface Generation {
  readonly number: number;
  /** In milliseconds since the epoch. */
  readonly publishedAt: number;
  /** Who published it. */
  readonly by: string;
  /** What was requested, such as `add` or `rollback to 3`. */
  readonly action: string;
  readonly changes: readonly PackageChange[];
  /** Its files by name, such as `x86_64.db`. */
  readonly files: Readonly<Record<string, GenerationFile>>;
}

/** Every package that differs between two sets, sorted by name. */
export function changesBetween(
  before: readonly PublishedPackage[],
  after: readonly PublishedPackage[],
): PackageChange[] {
  const former = new Map(before.map((each) => [keyOf(each), each]));
  const changes: PackageChange[] = [];
  for (const to of after) {
    const from = former.get(keyOf(to)) ?? null;
    former.delete(keyOf(to));
    if (from?.sha256 !== to.sha256) changes.push({ kind: kindOf(from, to), from, to });
  }
  for (const from of former.values()) changes.push({ kind: "removed", from, to: null });
  return changes.sort((one, other) => nameOf(one) < nameOf(other) ? -1 : 1);
}

/**
 * The package that a file name meant in the generation `number`, if it has changed since. `later`
 * are the generations after it, earliest first.
 */
export function changedSince(
  number: number,
  later: readonly Generation[],
  fileName: string,
): PublishedPackage | null {
  for (const generation of later) {
    if (generation.number <= number) continue;
    const change = generation.changes.find(({ from }) => from?.fileName === fileName);
    if (change !== undefined) return change.from;
  }
  return null;
}

function keyOf({ name, architecture }: PublishedPackage): string {
  return `${name} ${architecture}`;
}

function nameOf({ from, to }: PackageChange): string {
  return (to ?? from)?.name ?? "";
}

function kindOf(from: PublishedPackage | null, to: PublishedPackage): ChangeKind {
  if (from === null) return "added";
  const order = vercmp(to.version, from.version);
  return order > 0 ? "upgraded" : order < 0 ? "downgraded" : "replaced";
}
