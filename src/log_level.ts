/** The levels of the log, from the most to the least verbose. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** The least severe level that is logged. */
export type LogLevel = typeof LOG_LEVELS[number];
