import { z } from "zod";
import type { BodyValue, Endpoint, PathValues, QueryValues } from "../../api/endpoint.ts";
import { faultsOf, oneOf } from "../../api/faults.ts";
import { PkgstashError } from "../../errors.ts";

/** The validated input of a request to an endpoint. */
export interface Input<E extends Endpoint = Endpoint> {
  readonly path: PathValues<E>;
  readonly query: QueryValues<E>;
  readonly body: BodyValue<E>;
}

/** Reads a request, given the decoded parameters of its path. */
export type InputReader = (
  path: Readonly<Record<string, string>>,
  request: Request,
) => Promise<Input>;

/**
 * Creates a validator for all input of requests to `endpoint`. It throws a PkgstashError
 * `invalid_request` that names every fault and what is expected.
 */
export function inputReader(endpoint: Endpoint): InputReader {
  const pathSchema = z.object(endpoint.pathParameters);
  const querySchema = z.object(endpoint.query);
  return async (path, request) => {
    const faults = faultsOf(pathSchema, path, "the path");
    if (faults.length > 0) throw invalid(endpoint, faults);
    const { searchParams } = new URL(request.url);
    refuseBadQuery(endpoint, querySchema, searchParams);
    return {
      path: pathSchema.parse(path),
      query: querySchema.parse(Object.fromEntries(searchParams)),
      body: await parseBody(endpoint, request),
    };
  };
}

/** An unknown parameter is a fault: a misspelt `dry_run` must not start a real cleanup. */
function refuseBadQuery(endpoint: Endpoint, schema: z.ZodType, query: URLSearchParams): void {
  const known = Object.keys(endpoint.query);
  const names = [...query.keys()];
  const faults = [
    ...names.filter((name) => !known.includes(name))
      .map((name) => `unknown query parameter ${JSON.stringify(name)}`),
    ...known.filter((name) => names.indexOf(name) !== names.lastIndexOf(name))
      .map((name) => `the query parameter ${name} is repeated`),
    ...faultsOf(schema, Object.fromEntries(query), "the query"),
  ];
  if (faults.length === 0) return;
  const advice = known.length === 0
    ? "Send no query parameters."
    : `Send only the query parameters ${known.join(", ")}.`;
  throw invalid(endpoint, faults, advice);
}

async function parseBody(endpoint: Endpoint, request: Request): Promise<unknown> {
  const { body: schema, maxBodyBytes } = endpoint;
  if (schema === undefined) return undefined;
  if ("kind" in schema) return request.body ?? new ReadableStream({ start: (it) => it.close() });
  const fail = (...faults: string[]) => invalid(endpoint, faults, expectedBody(schema));
  const text = await readText(request, maxBodyBytes);
  if (text === null) throw fail(`the body is longer than ${maxBodyBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail("the body is not JSON");
  }
  const faults = faultsOf(schema, value, "the body");
  if (faults.length > 0) throw fail(...faults);
  return schema.parse(value);
}

/** The body's text; null if it is too long. */
async function readText({ body }: Request, maxBytes: number): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function invalid(endpoint: Endpoint, faults: readonly string[], advice = ""): PkgstashError {
  const { summary } = endpoint;
  const action = summary.charAt(0).toLowerCase() + summary.slice(1);
  return new PkgstashError(
    "invalid_request",
    `Cannot ${action}: ${faults.join("; ")}. ${advice}`.trimEnd(),
  );
}

/** What to send instead of an invalid body. */
function expectedBody(schema: z.ZodType): string {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  const members = Object.entries(properties).map(([name, member]) => {
    const { enum: values, description = "" } = member as z.core.JSONSchema.Schema;
    const meaning = description.charAt(0).toLowerCase() + description.slice(1).replace(/\.$/, "");
    return `${name} (${values === undefined ? meaning : oneOf(values)})`;
  });
  return `Send a JSON object with ${members.join(" and ")}.`;
}
