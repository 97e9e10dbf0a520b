import type { Repository } from "../../repositories/repository.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { timeOf } from "./stale_guard.ts";

/** How old the mirrors' databases are at one time. */
export interface Survey {
  /** Mirrors with the newest database of all that are dated. */
  newest: Mirror[];
  /** Its date in milliseconds since the epoch; null if no mirror sent one. */
  lastModified: number | null;
  /** Mirrors with an older one. */
  lagging: Mirror[];
}

/** Asks every mirror in good standing for the date of its database, all at once. */
export async function surveyMirrors(
  upstream: Upstream,
  repository: Repository,
  signal: AbortSignal,
): Promise<Survey> {
  const { ready, resting } = upstream.pool.candidates(null);
  const asked = ready.length > 0 ? ready : resting;
  const answers = await Promise.all(asked.map(async (mirror) => {
    const headers = await upstream.head(mirror, repository, `${repository.name}.db`, signal);
    return { mirror, date: timeOf(headers?.get("last-modified")) };
  }));
  const dates = answers.map(({ date }) => date).filter((date) => date !== null);
  const lastModified = dates.length === 0 ? null : Math.max(...dates);
  const dated = answers.filter(({ date }) => date !== null);
  return {
    newest: dated.filter(({ date }) => date === lastModified).map(({ mirror }) => mirror),
    lastModified,
    lagging: dated.filter(({ date }) => date !== lastModified).map(({ mirror }) => mirror),
  };
}
