import { PIN } from "../../api/pin_report.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";
import { PIN_PARAMETER, pinPattern, pinReport } from "./pin_parameter.ts";

/** `PUT /api/v1/pins/<pattern>`. */
export const pinRoute: ApiRoute = {
  method: "PUT",
  path: "/api/v1/pins/{pattern}",
  summary: "Pin packages",
  parameters: [PIN_PARAMETER],
  answers: [
    jsonAnswer(PIN, 201),
    { ...jsonAnswer(PIN), description: "It was there already." },
  ],
  failures: { 400: "No package has such a name" },
  handle: ({ path, services: { index } }) => {
    const pattern = pinPattern({ path });
    const isNew = index.pin(pattern, Date.now());
    const pin = index.pins().find((each) => each.pattern === pattern)!;
    return json(PIN, pinReport(pin), isNew ? 201 : 200);
  },
};
