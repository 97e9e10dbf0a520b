import { PkgstashError } from "../../errors.ts";
import { INTERNAL_ERROR } from "../responses.ts";

/** The last event of a failed operation. */
export interface FailedEvent {
  readonly event: "failed";
  /** The kind of error, or `internal`. */
  readonly kind: string;
  readonly reason: string;
}

/**
 * Streams the events of a long operation as it proceeds, ending with its failure, if any. The
 * signal is aborted when nobody reads them any more.
 */
export function eventStream<Event>(
  work: (emit: (event: Event) => void, signal: AbortSignal) => Promise<unknown>,
): ReadableStream<Event | FailedEvent> {
  const reader = new AbortController();
  return new ReadableStream<Event | FailedEvent>({
    start: (controller) => {
      const emit = (event: Event | FailedEvent) => {
        if (!reader.signal.aborted) controller.enqueue(event);
      };
      work(emit, reader.signal)
        .catch((error) => emit(failedEvent(error)))
        .finally(() => {
          if (!reader.signal.aborted) controller.close();
        });
    },
    cancel: () => reader.abort(),
  });
}

function failedEvent(error: unknown): FailedEvent {
  return error instanceof PkgstashError
    ? { event: "failed", kind: error.kind, reason: error.message }
    : { event: "failed", kind: "internal", reason: INTERNAL_ERROR };
}
