import { PACKAGE } from "../../api/package_report.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";
import { noSuchPackage, PACKAGE_PARAMETERS, packageReport } from "./package_reports.ts";

/** `GET /api/v1/packages/<directory>/<file>`. */
export const packageRoute: ApiRoute = {
  method: "GET",
  path: "/api/v1/packages/{directory}/{file}",
  summary: "A package in the cache",
  parameters: PACKAGE_PARAMETERS,
  answers: [jsonAnswer(PACKAGE)],
  failures: { 404: "There is no such package" },
  handle: async ({ path, services: { cleanup } }) => {
    const [directory, file] = [path["directory"]!, path["file"]!];
    const cached = (await cleanup.packages())
      .find((each) => each.directory === directory && each.fileName === file);
    if (cached === undefined) throw noSuchPackage(directory, file);
    return json(PACKAGE, packageReport(cached));
  },
};
