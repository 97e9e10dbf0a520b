/** The log levels, from the most to the least verbose. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** A log level; as a setting, the least severe one that is logged. */
export type LogLevel = typeof LOG_LEVELS[number];
