import { MIRROR_ANSWERS, type MirrorAnswer } from "../../api/mirror_report.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Upstream } from "../../mirroring/mirrors/upstream.ts";
import type { Mirror } from "../../mirroring/mirrors/mirror.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";

/** `POST /api/v1/mirrors/test`: every mirror is asked for the date of a database, all at once. */
export const mirrorTrialRoute: ApiRoute = {
  method: "POST",
  path: "/api/v1/mirrors/test",
  summary: "Ask every mirror now",
  answers: [jsonAnswer(MIRROR_ANSWERS)],
  handle: async ({ services: { accesses, tree } }) => {
    const repositories = [...tree.repositories];
    const trials = [...accesses].flatMap(([upstream, access]) => {
      const repository = repositories.find((each) => each.upstream === upstream) ?? null;
      return [
        ...access.pool.mirrors.map((mirror) => ask(mirror, upstream, access, repository)),
        ...(access.pool.archive === null ? [] : [ask(access.pool.archive, upstream, access, null)]),
      ];
    });
    return json(MIRROR_ANSWERS, { mirrors: await Promise.all(trials) });
  },
};

/** An archive has no database that could be asked for. */
async function ask(
  mirror: Mirror,
  upstream: string,
  access: Upstream,
  repository: Repository | null,
): Promise<MirrorAnswer> {
  const answer: MirrorAnswer = {
    upstream,
    name: mirror.name,
    file: null,
    ms: null,
    last_modified: null,
    error: null,
  };
  if (repository === null) return answer;
  const file = `${repository.name}.db`;
  const result = await access.probe(mirror, repository, file);
  if ("error" in result) return { ...answer, file, error: result.error };
  return {
    ...answer,
    file,
    ms: Math.round(result.milliseconds),
    last_modified: result.headers.get("last-modified"),
  };
}
