import type { Schema } from "../../api/schema.ts";
import type { Services } from "../services.ts";

/** A request to the API, as its route gets it. */
export interface ApiCall {
  readonly request: Request;
  /** The values of the path's parameters, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly services: Services;
  /** All that the API can do. */
  readonly routes: readonly ApiRoute[];
}

export interface ApiParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly description: string;
  /** Whether it may have slashes, which are sent as they are or as %2F. */
  readonly hasSlashes?: boolean;
  readonly schema: Schema<unknown>;
}

/** An answer when all went well. */
export interface ApiAnswer {
  readonly status: number;
  readonly description: string;
  /** Null for an answer without a body. */
  readonly content: { readonly type: string; readonly schema: Schema<unknown> } | null;
}

/** One thing that the API can do: all that is needed to find, to do and to document it. */
export interface ApiRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With its parameters in braces. */
  readonly path: string;
  readonly summary: string;
  /** Whether it answers without the administrator's token. */
  readonly isOpen?: boolean;
  /** Whether failures are told in plain text, as the original did. */
  readonly failsInText?: boolean;
  readonly parameters?: readonly ApiParameter[];
  readonly body?: Schema<unknown>;
  readonly answers: readonly ApiAnswer[];
  /** The statuses of failures besides 401 and 403, each with its cause. */
  readonly failures?: Readonly<Record<number, string>>;
  readonly handle: (call: ApiCall) => Promise<Response> | Response;
}

/** The answer 200 with JSON. */
export function jsonAnswer(schema: Schema<unknown>, status = 200): ApiAnswer {
  const description = schema.json.description ?? "";
  return { status, description, content: { type: "application/json", schema } };
}

/** A response with JSON that the compiler has compared with its schema. */
export function json<T>(_schema: Schema<T>, value: NoInfer<T>, status = 200): Response {
  return Response.json(value, { status });
}
