/**
 * The pseudonyms and hosts in a Via header, in the order in which they passed the message on (RFC
 * 9110 section 7.6.3). Protocols and comments are omitted.
 */
export function receivedBy(via: string | null): string[] {
  if (via === null) return [];
  return via.replace(/\([^()]*\)/g, "").split(",")
    .map((hop) => hop.trim().split(/\s+/)[1] ?? "")
    .filter((name) => name !== "");
}

/** Formats a Via header for a message that these passed on over HTTP/1.1. */
export function viaOf(names: readonly string[]): string {
  return names.map((name) => `1.1 ${name}`).join(", ");
}
