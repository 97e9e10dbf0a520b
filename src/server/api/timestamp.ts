/** A time in milliseconds since the epoch, in the API's form. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Like `timestamp`; null stays null. */
export function timestampOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : timestamp(milliseconds);
}
