import { PACKAGE_LIST } from "../../api/package_report.ts";
import { text } from "../../api/schema.ts";
import { packageMatcher } from "../../formats/pacman/package_pattern.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";
import { packageReport } from "./package_reports.ts";

/** `GET /api/v1/packages`. */
export const packagesRoute: ApiRoute = {
  method: "GET",
  path: "/api/v1/packages",
  summary: "The packages in the cache",
  parameters: [
    {
      name: "name",
      in: "query",
      description: "only these: a name, a glob with * and ?, or either of a package file",
      schema: text("as a pin is written"),
    },
    {
      name: "repository",
      in: "query",
      description: "only those of a repository, by its name or its directory",
      schema: text("like core, or core/os/x86_64"),
    },
  ],
  answers: [jsonAnswer(PACKAGE_LIST)],
  handle: async ({ query, services: { cleanup, tree } }) => {
    const name = query.get("name");
    const wanted = name === null ? null : packageMatcher([name]);
    const repository = query.get("repository");
    const isIn = (directory: string) =>
      repository === null || directory === repository ||
      tree.repositoryAt(directory)?.name === repository;
    const packages = (await cleanup.packages())
      .filter((cached) => (wanted?.(cached) ?? true) && isIn(cached.directory))
      .map(packageReport);
    const bytes = packages.reduce((sum, each) => sum + each.bytes, 0);
    return json(PACKAGE_LIST, { packages, bytes });
  },
};
