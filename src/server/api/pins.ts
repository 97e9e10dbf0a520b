import { PIN_LIST } from "../../api/pin_report.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";
import { pinReport } from "./pin_parameter.ts";

/** `GET /api/v1/pins`. */
export const pinsRoute: ApiRoute = {
  method: "GET",
  path: "/api/v1/pins",
  summary: "What cleanup leaves alone",
  answers: [jsonAnswer(PIN_LIST)],
  handle: ({ services: { config, index } }) =>
    json(PIN_LIST, {
      pins: [
        ...config.pinnedPackages.map((pattern) => ({
          pattern,
          source: "configuration" as const,
          since: null,
        })),
        ...index.pins().map(pinReport),
      ],
    }),
};
