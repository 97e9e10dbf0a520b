import { choice, count, list, nullable, object, text, type TypeOf } from "./schema.ts";

export const MIRROR = object({
  upstream: text("the upstream that it belongs to, by its name in the configuration"),
  name: text("host and path, without credentials"),
  role: choice(["mirror", "archive"], "an archive has old packages and no databases"),
  state: choice(
    ["ready", "resting", "unused"],
    "resting after a failure, unused before its first answer, otherwise ready",
  ),
  latency_ms: nullable(count("smoothed time to the first byte; null before the first answer")),
  failures: count("failures in a row"),
  rests_ms: count("milliseconds until it is asked again in its turn"),
  in_flight: count("transfers from it at the moment"),
  last_error: nullable(text("the last failure since the start")),
}, "A mirror of an upstream.");

/** `GET /api/v1/mirrors`. */
export const MIRROR_LIST = object(
  { mirrors: list(MIRROR, "in the order of the configuration") },
  "All mirrors.",
);

export const MIRROR_ANSWER = object({
  upstream: text("the upstream that it belongs to, by its name in the configuration"),
  name: text("host and path, without credentials"),
  file: nullable(text("what it was asked for, below its root; null if it was not asked")),
  ms: nullable(count("milliseconds to its answer; null when it gave none that is of use")),
  last_modified: nullable(text("the date of its database, as it gives it")),
  error: nullable(text("why it is of no use; null when all is well")),
}, "What a mirror answered.");

/** `POST /api/v1/mirrors/test`. */
export const MIRROR_ANSWERS = object(
  { mirrors: list(MIRROR_ANSWER, "in the order of the configuration") },
  "What every mirror answered.",
);

export type MirrorReport = TypeOf<typeof MIRROR>;
export type MirrorAnswer = TypeOf<typeof MIRROR_ANSWER>;
