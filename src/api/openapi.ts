import { z } from "zod";
import { endpoint } from "./endpoint.ts";

/** Needs no token: the document is the same for every installation. */
export const SHOW_OPENAPI = endpoint({
  method: "GET",
  path: "/api/v1/openapi.json",
  summary: "Show this OpenAPI document",
  right: "anyone",
  answers: {
    200: z.looseObject({ openapi: z.string() }).describe(
      "An OpenAPI 3.1 document, see spec.openapis.org.",
    ),
  },
});
