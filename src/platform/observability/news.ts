const reported = new WeakSet<Error>();

/**
 * Whether an error is passed here for the first time. One failure may end the work of many who wait
 * for it, and deserves one warning: anything logged about it after that is for debugging.
 */
export function isNews(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  const isKnown = reported.has(error);
  reported.add(error);
  return !isKnown;
}
