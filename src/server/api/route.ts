import {
  type AnswerValue,
  type Endpoint,
  type TemplateSegment,
  templateSegments,
} from "../../api/endpoint.ts";
import type { Principal } from "../../administration/principal.ts";
import type { Client } from "../../repositories/leases.ts";
import type { Context } from "../context.ts";
import { sizedResponse } from "../responses.ts";
import { jsonBody } from "./json_body.ts";
import { type Input, type InputReader, inputReader } from "./input.ts";

/** A request to an endpoint, as its handler receives it. */
export interface Call<E extends Endpoint> extends Input<E>, Context {
  readonly request: Request;
  readonly client: Client;
  /** Of this server, as the client reaches it. */
  readonly origin: string;
  /** Whose token was sent; null if the endpoint needs none. */
  readonly principal: Principal | null;
  /** Adds facts to the audit log event that is written once the call has succeeded. */
  readonly note: (details: Readonly<Record<string, unknown>>) => void;
  /** Declares that this call, a dry run, changes nothing, so that no audit log event is written. */
  readonly changesNothing: () => void;
}

/** An answer with its status, for an endpoint that has several. */
type StatusAndValue<E extends Endpoint> = {
  [Status in keyof E["answers"]]: {
    readonly status: Status;
    readonly value: AnswerValue<E["answers"][Status]>;
  };
}[keyof E["answers"]];

type IsUnion<T, Whole = T> = T extends unknown ? ([Whole] extends [T] ? false : true) : never;

/** What a handler returns: the value of the only answer, or a status with its value. */
export type Result<E extends Endpoint> = IsUnion<keyof E["answers"]> extends true
  ? StatusAndValue<E>
  : AnswerValue<E["answers"][keyof E["answers"]]>;

/** The result of an endpoint with several successful answers. */
export function withStatus<const Status extends number, Value>(
  status: Status,
  value: Value,
): { readonly status: Status; readonly value: Value } {
  return { status, value };
}

/** An endpoint with its implementation. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly template: readonly TemplateSegment[];
  readonly readInput: InputReader;
  readonly respond: (call: Call<Endpoint>) => Promise<Response>;
}

/** Answers `endpoint` with what `handler` returns, or with the failure that it throws. */
export function handle<E extends Endpoint>(
  endpoint: E,
  handler: (call: Call<E>) => Result<E> | Promise<Result<E>>,
): Route {
  return {
    endpoint,
    template: templateSegments(endpoint.path),
    readInput: inputReader(endpoint),
    respond: async (call) => serialize(endpoint, await handler(call as unknown as Call<E>)),
  };
}

function serialize({ answers }: Endpoint, result: unknown): Response {
  const [status, ...others] = Object.keys(answers).map(Number) as [number, ...number[]];
  if (others.length === 0) return responseOf(answers, status, result);
  const chosen = result as { status: number; value: unknown };
  return responseOf(answers, chosen.status, chosen.value);
}

function responseOf(answers: Endpoint["answers"], status: number, value: unknown): Response {
  const answer = answers[status];
  if (answer === undefined) throw new Error(`The endpoint has no answer ${status}`);
  if (!("kind" in answer)) {
    const init = { status, headers: { "content-type": "application/json" } };
    const body = jsonBody(value);
    return typeof body === "string" ? sizedResponse(body, init) : new Response(body, init);
  }
  if (answer.kind === "empty") return new Response(null, { status });
  if (answer.kind === "file") {
    const body = value as ReadableStream<Uint8Array<ArrayBuffer>>;
    return new Response(body, { status, headers: { "content-type": answer.type } });
  }
  const lines = (value as ReadableStream<unknown>)
    .pipeThrough(
      new TransformStream<unknown, string>({
        transform: (each, controller) => controller.enqueue(`${JSON.stringify(each)}\n`),
      }),
    )
    .pipeThrough(new TextEncoderStream());
  return new Response(lines, { status, headers: { "content-type": "application/x-ndjson" } });
}
