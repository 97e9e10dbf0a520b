import { PROBLEM, PROBLEM_TYPE } from "../../api/problem.ts";
import { VERSION } from "../../version.ts";
import type { ApiAnswer, ApiParameter, ApiRoute } from "./api_route.ts";

/** The API as an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1). */
export function openApiDocument(routes: readonly ApiRoute[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "pkgstash",
      version: VERSION,
      description: "The administrative API. GET may be HEAD everywhere.",
      license: { name: "GPL-2.0", identifier: "GPL-2.0-only" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "PKGSTASH_TOKEN of the daemon" },
      },
      schemas: { Problem: PROBLEM.json },
    },
  };
}

function operation(route: ApiRoute): Record<string, unknown> {
  const { summary, isOpen = false, parameters = [], body, answers, failures = {} } = route;
  const all: Record<number, string> = isOpen ? failures : {
    401: "The token is missing or wrong",
    403: "The API is off, as no token is set",
    ...failures,
  };
  return {
    operationId: operationId(route),
    summary,
    ...(isOpen ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter) }),
    ...(body === undefined ? {} : {
      requestBody: { required: true, content: { "application/json": { schema: body.json } } },
    }),
    responses: Object.fromEntries([
      ...answers.map((each) => [each.status, answer(each)]),
      ...Object.entries(all).map(([status, description]) => [status, failure(route, description)]),
    ]),
  };
}

/** `getPackagesDirectoryFile` for `GET /api/v1/packages/{directory}/{file}`. */
function operationId({ method, path }: ApiRoute): string {
  const words = path.replace(/^\/api(\/v1)?/, path.includes("/v1/") ? "" : "original")
    .split(/[^a-z]+/i)
    .filter((word) => word !== "");
  return method.toLowerCase() +
    words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}

function parameter({ name, in: place, description, schema }: ApiParameter) {
  return {
    name,
    in: place,
    required: place === "path",
    description,
    schema: schema.json,
  };
}

function answer({ description, content }: ApiAnswer) {
  if (content === null) return { description };
  return { description, content: { [content.type]: { schema: content.schema.json } } };
}

function failure({ failsInText = false }: ApiRoute, description: string) {
  const content = failsInText
    ? { "text/plain": { schema: { type: "string" } } }
    : { [PROBLEM_TYPE]: { schema: { $ref: "#/components/schemas/Problem" } } };
  return { description, content };
}
