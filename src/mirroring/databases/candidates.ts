import { dateOf } from "../../repositories/database_date.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { type Candidate, groupsOf } from "./survey.ts";

export interface CandidateOrder {
  /** What mirrors say about their databases. */
  surveyed: readonly Candidate[];
  /** All mirrors, in the order in which to ask them. */
  mirrors: readonly Mirror[];
  /** Date of the served database in milliseconds since the epoch, or null. */
  servedDate: number | null;
  /** Mirrors that have the served database, judging by their description of it. */
  same: ReadonlySet<Mirror>;
  /** Mirrors that have one of the databases judged to be older. */
  older: ReadonlySet<Mirror>;
  /** The mirror whose served database is to be compared byte by byte, or null. */
  compared: Mirror | null;
}

/**
 * Which mirrors to examine after a survey, in order: latest database first, those without a date
 * next. Older ones are examined only if most mirrors have one of them, because a date can be wrong,
 * or if there is nothing else; so are mirrors that did not answer.
 */
export function candidatesAfter(order: CandidateOrder): Candidate[] {
  const { surveyed, mirrors, servedDate, same, older, compared } = order;
  const open = groupsOf(
    surveyed.filter(({ mirror, described }) =>
      described !== null && !same.has(mirror) && !older.has(mirror)
    ),
  );
  const sizeOf = ({ candidates }: typeof open[number]) => candidates.length;
  const most = Math.max(0, ...open.map(sizeOf));
  const rivals = Math.max(same.size, open[0] === undefined ? 0 : sizeOf(open[0]));
  const first: Candidate[] = [];
  const last: Candidate[] = [];
  for (const group of open) {
    const isOlder = group.date !== null && servedDate !== null && group.date < servedDate;
    const isWeighty = sizeOf(group) === most && most >= rivals && group !== open[0] ||
      isOlder && sizeOf(group) >= Math.max(1, same.size);
    for (const candidate of group.candidates) {
      if (isOlder && !isWeighty) last.push({ ...candidate, isForced: true });
      else first.push({ ...candidate, isForced: true, isPromising: true, isWeighty });
    }
  }
  if (compared !== null) {
    first.push({ mirror: compared, described: null, isUnconditional: true, isPromising: true });
  }
  const listed = new Set([...first, ...last].map(({ mirror }) => mirror));
  const rest = mirrors.filter((mirror) =>
    !listed.has(mirror) && !same.has(mirror) && !older.has(mirror)
  );
  return [...first, ...last, ...rest.map((mirror) => ({ mirror, described: null }))];
}

/** Whether a candidate describes its database as older than the served one. */
export function isDatedBefore({ described }: Candidate, servedDate: number | null): boolean {
  const date = dateOf(described?.lastModified);
  return date !== null && servedDate !== null && date < servedDate;
}
