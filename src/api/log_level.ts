import { LOG_LEVELS } from "../log_level.ts";
import { choice, object, type TypeOf } from "./schema.ts";

/** What `/api/v1/log-level` takes and gives. */
export const LOG_LEVEL = object(
  { level: choice(LOG_LEVELS, "the least severe level that is logged") },
  "How much is logged, until the next start or reload.",
);

export type LogLevelSetting = TypeOf<typeof LOG_LEVEL>;
