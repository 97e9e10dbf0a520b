import type { ApiRoute } from "./api_route.ts";

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
  handle: async () => {
    // It is made of the table of routes, of which this is one.
    const { openApiDocument } = await import("./openapi_document.ts");
    return Response.json(openApiDocument());
  },
};
