import type { Principal } from "../../administration/principal.ts";
import type { Endpoint } from "../../api/endpoint.ts";
import type { Problem } from "../../api/problem.ts";
import { endpointUrl, requestContent } from "../../api_client/endpoint_request.ts";
import { ownSegments } from "../request_path.ts";
import { type CallContext, respondWithin } from "./router.ts";

/** What an endpoint answered, or why it did not. */
export type Outcome = { readonly value: unknown } | { readonly problem: Problem };

/**
 * Calls an endpoint within the daemon like an HTTP request, but without a token: the caller knows
 * who is asking.
 */
export async function callWithin(
  endpoint: Endpoint,
  values: Readonly<Record<string, unknown>>,
  { context, principal }: {
    context: CallContext;
    /** Null for an anonymous caller. */
    principal: Principal | null;
  },
): Promise<Outcome> {
  const url = endpointUrl(context.origin, endpoint, values).href;
  const content = requestContent(endpoint.body, values["body"]);
  const sent = content?.body ?? null;
  const body = sent === null || typeof sent === "string" ? sent : sent.content;
  const request = new Request(url, { method: endpoint.method, body });
  const segments = ownSegments(url, "/api/") ?? [];
  const response = await respondWithin(request, { endpoint, segments, context, principal });
  if (!response.ok) return { problem: await response.json() };
  return { value: await valueOf(endpoint, response) };
}

async function valueOf({ answers }: Endpoint, response: Response): Promise<unknown> {
  const answer = answers[response.status];
  if (answer === undefined || !("kind" in answer)) return await response.json();
  if (answer.kind === "empty") return undefined;
  if (answer.kind === "file") return response.body;
  return response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(linesOfJson());
}

/** Parses lines of JSON. */
function linesOfJson(): TransformStream<string, unknown> {
  let rest = "";
  return new TransformStream({
    transform: (text, controller) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) controller.enqueue(JSON.parse(line));
    },
  });
}
