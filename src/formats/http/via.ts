/**
 * The pseudonyms and hosts that a Via header names, in the order in which the message passed them
 * (RFC 9110 section 7.6.3). Protocols and comments are left out.
 */
export function receivedBy(via: string | null): string[] {
  if (via === null) return [];
  return via.replace(/\([^()]*\)/g, "").split(",")
    .map((hop) => hop.trim().split(/\s+/)[1] ?? "")
    .filter((name) => name !== "");
}

/** Writes a Via header for a message that passed these over HTTP/1.1. */
export function viaOf(names: readonly string[]): string {
  return names.map((name) => `1.1 ${name}`).join(", ");
}
