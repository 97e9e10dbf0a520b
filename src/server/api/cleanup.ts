import { CLEANUP_REPORT } from "../../api/cleanup_report.ts";
import { choice } from "../../api/schema.ts";
import { cleanupReportJson } from "../../mirroring/cleanup/cleanup_report.ts";
import { PkgstashError } from "../../errors.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";

/**
 * `POST /api/v1/cleanup`: removes what retention gives up and says what and why; with
 * `?dry_run=true` it only says what would go, and how much that frees.
 */
export const cleanupRoute: ApiRoute = {
  method: "POST",
  path: "/api/v1/cleanup",
  summary: "Clean up now",
  parameters: [{
    name: "dry_run",
    in: "query",
    description: "true: only say what would go",
    schema: choice(["true", "false"], "false unless given"),
  }],
  answers: [jsonAnswer(CLEANUP_REPORT)],
  failures: { 400: "dry_run is neither true nor false" },
  handle: async ({ query, services: { cleanup } }) => {
    switch (query.get("dry_run") ?? "false") {
      case "true":
        return json(CLEANUP_REPORT, cleanupReportJson((await cleanup.plan()).report));
      case "false":
        return json(CLEANUP_REPORT, cleanupReportJson(await cleanup.run()));
      default:
        throw new PkgstashError("invalid_request", "dry_run is true or false.");
    }
  },
};
