import { REMOVED_PACKAGE } from "../../api/package_report.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";
import { noSuchPackage, PACKAGE_PARAMETERS } from "./package_reports.ts";

/** `DELETE /api/v1/packages/<directory>/<file>`: the package and its signature, pinned or not. */
export const removePackageRoute: ApiRoute = {
  method: "DELETE",
  path: "/api/v1/packages/{directory}/{file}",
  summary: "Remove a package and its signature, pinned or not",
  parameters: PACKAGE_PARAMETERS,
  answers: [jsonAnswer(REMOVED_PACKAGE)],
  failures: { 404: "There is no such package", 409: "It is being fetched" },
  handle: async ({ path, services: { cleanup } }) => {
    const [directory, file] = [path["directory"]!, path["file"]!];
    const bytes = await cleanup.remove(directory, file);
    if (bytes === null) throw noSuchPackage(directory, file);
    return json(REMOVED_PACKAGE, { path: `${directory}/${file}`, bytes_freed: bytes });
  },
};
