import { libraryOf } from "../../formats/pacman/library.ts";
import { buildOrder } from "../packages/build_order.ts";
import type { PublishedSummary } from "../queue/published_builds.ts";

/** Why a published package is rebuilt: a library that it needs has changed. */
export interface Breakage {
  /** The dependency, such as `libfoo.so=5-64`. */
  readonly dependency: string;
  /** The versions of that library in the repositories now, such as `libfoo.so=6-64`. */
  readonly present: readonly string[];
}

/** The last known state of a publication; survives a restart. */
export interface SeenPublication {
  /** The build that made it. */
  readonly build: number;
  /** Libraries that were available at the last check. */
  readonly met: readonly string[];
  /** Breakages for which it has been rebuilt; each is one line of text. */
  readonly tried: readonly string[];
}

export interface RebuildInput {
  readonly published: readonly PublishedSummary[];
  /** By `keyOf`. */
  readonly seen: ReadonlyMap<string, SeenPublication>;
  /** Libraries that no repository has in the needed version. */
  readonly unmet: ReadonlySet<string>;
  /** The available versions of each library, by `libraryOf`. */
  readonly present: ReadonlyMap<string, readonly string[]>;
  /** Whether a database has changed since its build root was created. */
  readonly isOutrun: (publication: PublishedSummary) => boolean;
  /** Whether it must not be rebuilt now: another build of it is unfinished, or it is held. */
  readonly isBusy: (publication: PublishedSummary) => boolean;
}

export interface RebuildPlan {
  /** The rebuilds, in dependency order. */
  readonly rebuilds: readonly {
    readonly publication: PublishedSummary;
    readonly breakages: readonly Breakage[];
  }[];
  /** The known state once they are queued. */
  readonly seen: ReadonlyMap<string, SeenPublication>;
}

/** Identifies a publication. */
export function keyOf(
  { repository, packageBase, architecture }: Pick<
    PublishedSummary,
    "repository" | "packageBase" | "architecture"
  >,
): string {
  return `${repository}/${packageBase}.${architecture}`;
}

/** Describes breakages in a sentence without a full stop. */
export function breakageText(breakages: readonly Breakage[]): string {
  return breakages.map(({ dependency, present }) =>
    `no repository has ${dependency} any more, but ${present.join(" and ")}`
  ).join("; ");
}

/**
 * Decides which published packages to rebuild because a library that they need is only available in
 * another version. A library that was not available before is no reason, nor is one that has
 * disappeared altogether: a build could not get it. Each change of a library causes one rebuild of a
 * package, whatever its outcome.
 */
export function planRebuilds(input: RebuildInput): RebuildPlan {
  const seen = new Map<string, SeenPublication>();
  const broken = new Map<string, { publication: PublishedSummary; breakages: Breakage[] }[]>();
  for (const publication of input.published) {
    const key = keyOf(publication);
    const { breakages, now } = lookAt(publication, input);
    seen.set(key, now);
    if (breakages.length === 0) continue;
    const { packageBase } = publication;
    broken.set(packageBase, [...broken.get(packageBase) ?? [], { publication, breakages }]);
  }
  const needs = [...broken].map(([base, all]) =>
    [base, all.flatMap(({ publication }) => publication.needs)] as const
  );
  const { order } = buildOrder(new Map(needs));
  return { rebuilds: order.flatMap((base) => broken.get(base) ?? []), seen };
}

function lookAt(
  publication: PublishedSummary,
  { seen, unmet, present, isOutrun, isBusy }: RebuildInput,
): { breakages: Breakage[]; now: SeenPublication } {
  const { build, libraries } = publication;
  const before = seen.get(keyOf(publication));
  const isKnown = before?.build === build;
  const met = libraries.filter((each) => !unmet.has(each));
  // For a new build, it is unknown which libraries were available, unless they are now.
  const wasMet = isKnown ? before.met : isOutrun(publication) ? libraries : [];
  const lost = libraries.filter((each) => unmet.has(each) && wasMet.includes(each));
  const breakages = lost.map((dependency) => ({
    dependency,
    present: present.get(libraryOf(dependency) ?? dependency) ?? [],
  }));
  const tried = (before?.tried ?? []).filter((cause) =>
    !met.some((each) => cause.startsWith(`${each} `))
  );
  const fresh = breakages.filter((each) => each.present.length > 0 && !tried.includes(idOf(each)));
  const isLeft = fresh.length > 0 && isBusy(publication);
  return {
    breakages: isLeft ? [] : fresh,
    now: {
      build,
      met: [...met, ...lost],
      tried: isLeft ? tried : [...tried, ...fresh.map(idOf)],
    },
  };
}

function idOf({ dependency, present }: Breakage): string {
  return `${dependency} ${present.join(" ")}`;
}
