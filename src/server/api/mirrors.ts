import { MIRROR_LIST } from "../../api/mirror_report.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";
import { mirrorReports } from "./mirror_reports.ts";

/** `GET /api/v1/mirrors`. */
export const mirrorsRoute: ApiRoute = {
  method: "GET",
  path: "/api/v1/mirrors",
  summary: "The mirrors and how they do",
  answers: [jsonAnswer(MIRROR_LIST)],
  handle: ({ services: { accesses } }) => json(MIRROR_LIST, { mirrors: mirrorReports(accesses) }),
};
