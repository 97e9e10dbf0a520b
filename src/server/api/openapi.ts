import type { ApiRoute } from "./api_route.ts";
import { openApiDocument } from "./openapi_document.ts";

/** `GET /api/v1/openapi.json`: open to everybody, as it is the same for every installation. */
export const openApiRoute: ApiRoute = {
  method: "GET",
  path: "/api/v1/openapi.json",
  summary: "This document",
  isOpen: true,
  answers: [{
    status: 200,
    description: "An OpenAPI 3.1 document.",
    content: {
      type: "application/json",
      schema: { json: { type: "object", description: "see spec.openapis.org" } },
    },
  }],
  handle: ({ routes }) => Response.json(openApiDocument(routes)),
};
