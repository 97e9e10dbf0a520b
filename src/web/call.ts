import type { Answered, Endpoint, InputArguments } from "../api/endpoint.ts";
import type { Problem } from "../api/problem.ts";

/**
 * Asks an endpoint of the API, as whoever looks at the page. It is answered as a request over HTTP
 * would be: with the same rights, the same events in the audit log and the same failures.
 *
 * @throws CallError if it fails.
 */
export type Call = <E extends Endpoint>(
  endpoint: E,
  ...input: InputArguments<E>
) => Promise<Answered<E>>;

/** A failure of the API. Its message is for people. */
export class CallError extends Error {
  override readonly name = "CallError";

  constructor(readonly problem: Pick<Problem, "status" | "kind" | "detail">) {
    super(problem.detail);
  }
}
