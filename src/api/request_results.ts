/** How requests for files end, as the metric counts them. */
export const REQUEST_RESULTS = [
  /** From the cache. */
  "hit",
  /** Started a download. */
  "miss",
  /** Read a download that was in flight. */
  "join",
  /** From the cache, because no mirror could say whether there is something newer. */
  "stale",
  /** A range straight from a mirror, because the download in flight was far behind it. */
  "direct",
  /** 304: the client has it. */
  "not_modified",
  /** 404. */
  "not_found",
  /** Another answer of the class 4xx. */
  "refused",
  /** 5xx, or an answer that broke off. */
  "error",
] as const;

/** One of `REQUEST_RESULTS`. */
export type RequestResult = typeof REQUEST_RESULTS[number];
