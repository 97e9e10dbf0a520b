import { libraryOf } from "../../formats/pacman/library.ts";
import { buildOrder } from "../packages/build_order.ts";
import type { PublishedSummary } from "../queue/published_builds.ts";

/** Why a published package is built again: a library that it was linked with has changed. */
export interface Breakage {
  /** What the package depends on, such as `libfoo.so=5-64`. */
  readonly dependency: string;
  /** What repositories have of that library now, such as `libfoo.so=6-64`. */
  readonly present: readonly string[];
}

/** What was seen of a publication, as it is kept over a restart. */
export interface SeenPublication {
  /** The build that made it. */
  readonly build: number;
  /** Libraries that were there when it was looked at. */
  readonly met: readonly string[];
  /** Breakages that it was built again for; each is one line of text. */
  readonly tried: readonly string[];
}

export interface RebuildInput {
  readonly published: readonly PublishedSummary[];
  /** By `keyOf`. */
  readonly seen: ReadonlyMap<string, SeenPublication>;
  /** Libraries that no repository has in the version that a package needs. */
  readonly unmet: ReadonlySet<string>;
  /** What repositories have of each library, by `libraryOf`. */
  readonly present: ReadonlyMap<string, readonly string[]>;
  /** Whether a database has changed since the root was made that it was built in. */
  readonly isOutrun: (publication: PublishedSummary) => boolean;
  /** Whether it must be left alone at present: another build of it goes on, or it is held. */
  readonly isBusy: (publication: PublishedSummary) => boolean;
}

export interface RebuildPlan {
  /** Those to build again, what others need first. */
  readonly rebuilds: readonly {
    readonly publication: PublishedSummary;
    readonly breakages: readonly Breakage[];
  }[];
  /** What has been seen once they are queued. */
  readonly seen: ReadonlyMap<string, SeenPublication>;
}

/** Names a publication. */
export function keyOf(
  { repository, packageBase, architecture }: Pick<
    PublishedSummary,
    "repository" | "packageBase" | "architecture"
  >,
): string {
  return `${repository}/${packageBase}.${architecture}`;
}

/** What to say of breakages, in a sentence without its full stop. */
export function breakageText(breakages: readonly Breakage[]): string {
  return breakages.map(({ dependency, present }) =>
    `no repository has ${dependency} any more, but ${present.join(" and ")}`
  ).join("; ");
}

/**
 * Which published packages must be built again, because a library that they were linked with is there
 * in another version only. What was not there before either is no reason, nor is a library that is
 * gone altogether: a build could not have it. For each change of a library a package is built again
 * once, whatever comes of that.
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
  // Of a new build nobody has seen which libraries were there, unless they are there now.
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
