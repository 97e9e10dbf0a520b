import { eventLoopTurn } from "../../async/event_loop_turn.ts";

/** Items to serialize in one turn of the event loop: a few milliseconds of work. */
const ITEMS_PER_TURN = 500;

/**
 * The JSON of a value as a body: a string, or a stream if one of its members is a long array, since
 * serializing all packages at once would block the event loop for half a second.
 */
export function jsonBody(value: unknown): string | ReadableStream<Uint8Array<ArrayBuffer>> {
  const isLong = typeof value === "object" && value !== null &&
    Object.values(value).some((each) => Array.isArray(each) && each.length > ITEMS_PER_TURN);
  if (!isLong) return JSON.stringify(value);
  const parts = partsOf(value);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value: text } = parts.next();
      if (done) return controller.close();
      controller.enqueue(encoder.encode(text));
      await eventLoopTurn();
    },
  }, { highWaterMark: 0 });
}

/** The JSON of an object in parts that, when joined, equal the output of `JSON.stringify`. */
function* partsOf(object: object): Generator<string, void> {
  let separator = "{";
  for (const [name, member] of Object.entries(object)) {
    if (member === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    separator = ",";
    if (Array.isArray(member)) yield* itemsOf(member);
    else yield JSON.stringify(member);
  }
  yield separator === "{" ? "{}" : "}";
}

function* itemsOf(items: readonly unknown[]): Generator<string, void> {
  if (items.length === 0) return yield "[]";
  for (let start = 0; start < items.length; start += ITEMS_PER_TURN) {
    const part = JSON.stringify(items.slice(start, start + ITEMS_PER_TURN)).slice(1, -1);
    yield `${start === 0 ? "[" : ","}${part}`;
  }
  yield "]";
}
