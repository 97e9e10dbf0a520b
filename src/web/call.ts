import type { Answered, Endpoint, InputArguments } from "../api/endpoint.ts";
import type { Problem } from "../api/problem.ts";

/**
 * Calls an endpoint of the API as the visitor, with the same rights, audit log events and errors as
 * over HTTP.
 *
 * @throws CallError if it fails.
 */
export type Call = <E extends Endpoint>(
  endpoint: E,
  ...input: InputArguments<E>
) => Promise<Answered<E>>;

/** An error from the API. Its message is for people. */
export class CallError extends Error {
  override readonly name = "CallError";

  constructor(readonly problem: Pick<Problem, "status" | "kind" | "detail">) {
    super(problem.detail);
  }
}
