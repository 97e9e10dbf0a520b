import type { Repository } from "../../repositories/repository.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import type { Mirror } from "../mirrors/mirror.ts";

/** What the mirrors say, at one time, of how new their databases are. */
export interface Survey {
  /** Mirrors that have the newest database of all that answered with a date. */
  newest: Mirror[];
  /** Its date in milliseconds since the epoch; null when nobody gave one. */
  lastModified: number | null;
  /** Mirrors with an older one than the newest. */
  lagging: Mirror[];
}

/** Asks every mirror in good standing for the date of its database, all at once. */
export async function surveyMirrors(
  access: Upstream,
  repository: Repository,
  signal: AbortSignal,
): Promise<Survey> {
  const { ready, resting } = access.pool.candidates(null);
  const asked = ready.length > 0 ? ready : resting;
  const answers = await Promise.all(asked.map(async (mirror) => {
    const headers = await access.head(mirror, repository, `${repository.name}.db`, signal);
    const date = parseHttpDate(headers?.get("last-modified") ?? "");
    return { mirror, date: date?.getTime() ?? null };
  }));
  const dated = answers.filter(({ date }) => date !== null) as { mirror: Mirror; date: number }[];
  const lastModified = dated.length === 0 ? null : Math.max(...dated.map(({ date }) => date));
  return {
    newest: dated.filter(({ date }) => date === lastModified).map(({ mirror }) => mirror),
    lastModified,
    lagging: dated.filter(({ date }) => date !== lastModified).map(({ mirror }) => mirror),
  };
}
