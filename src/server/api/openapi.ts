import { z } from "zod";
import { type Answer, type Endpoint, templateSegments } from "../../api/endpoint.ts";
import { ENDPOINTS } from "../../api/endpoints.ts";
import { SHOW_OPENAPI } from "../../api/openapi.ts";
import { PROBLEM, PROBLEM_TYPE } from "../../api/problem.ts";
import { VERSION } from "../../version.ts";
import { handle, type Route } from "./route.ts";

export const openApiRoutes: readonly Route[] = [
  handle(SHOW_OPENAPI, () => document ??= openApiDocument(ENDPOINTS)),
];

/** Built once: it never changes, takes milliseconds, and anybody may request it. */
let document: ReturnType<typeof openApiDocument> | undefined;

type Json = Record<string, unknown>;

/** The API as an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1). */
function openApiDocument(endpoints: readonly Endpoint[]) {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    // OpenAPI has no notation for a parameter that contains slashes.
    const path = endpoint.path.replaceAll("{+", "{");
    (paths[path] ??= {})[endpoint.method.toLowerCase()] = operation(endpoint);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "pkgstash",
      version: VERSION,
      description: "The administrative API. Every GET endpoint also accepts HEAD.",
      license: { name: "GPL-2.0", identifier: "GPL-2.0-only" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "PKGSTASH_TOKEN, or a token created with it.",
        },
      },
      schemas: { Problem: jsonSchema(PROBLEM) },
    },
  };
}

function operation(endpoint: Endpoint): Json {
  const { summary, right, body, answers } = endpoint;
  const isOpen = right === "anyone";
  const failures: Record<number, string> = {
    400: "The request is invalid",
    ...(isOpen ? {} : {
      401: "The token is missing or wrong",
      403: "No token is configured, or the given one lacks the right",
    }),
    ...endpoint.failures,
  };
  const parameters = [
    ...Object.entries(endpoint.pathParameters).map((each) => parameter(each, "path")),
    ...Object.entries(endpoint.query).map((each) => parameter(each, "query")),
  ];
  return {
    operationId: operationId(endpoint),
    summary,
    ...(isOpen ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : {
      requestBody: {
        required: true,
        content: "kind" in body
          ? { "application/octet-stream": { schema: { description: body.description } } }
          : { "application/json": { schema: jsonSchema(body, "input") } },
      },
    }),
    responses: Object.fromEntries([
      ...Object.entries(answers).map(([status, answer]) => [status, success(answer)]),
      ...Object.entries(failures).map(([status, text]) => [status, failure(endpoint, text)]),
    ]),
  };
}

/** `getPackagesDirectoryFile` for `GET /api/v1/packages/{+directory}/{file}`. */
function operationId({ method, path }: Endpoint): string {
  const [, version = "", ...rest] = templateSegments(path)
    .map((segment) => "text" in segment ? segment.text : segment.name);
  const names = version === "v1" ? rest : ["go", version, ...rest];
  const words = names.flatMap((name) => name.split(/[^a-z]+/i));
  return method.toLowerCase() +
    words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function parameter([name, schema]: [string, z.ZodType], place: "path" | "query"): Json {
  const { description, ...json } = jsonSchema(schema, "input");
  return { name, in: place, required: place === "path", description, schema: json };
}

function success(answer: Answer): Json {
  if (!("kind" in answer)) {
    const schema = jsonSchema(answer);
    return { description: schema["description"], content: { "application/json": { schema } } };
  }
  const { kind, description } = answer;
  if (kind === "empty") return { description };
  if (kind === "file") return { description, content: { [answer.type]: { schema: {} } } };
  return {
    description,
    content: { "application/x-ndjson": { schema: jsonSchema(answer.schema) } },
  };
}

function failure({ failsInText }: Endpoint, description: string): Json {
  const content = failsInText
    ? { "text/plain": { schema: { type: "string" } } }
    : { [PROBLEM_TYPE]: { schema: { $ref: "#/components/schemas/Problem" } } };
  return { description, content };
}

/** The JSON Schema (2020-12, as in OpenAPI 3.1) of what is sent or, for "input", received. */
function jsonSchema(schema: z.ZodType, io: "input" | "output" = "output"): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io });
  return json;
}
