import ipaddr from "ipaddr.js";

/**
 * The name whose PTR records hold the name of an address (RFC 1035, RFC 3596); null if it is not an
 * address.
 */
export function reverseName(address: string): string | null {
  if (!ipaddr.isValid(address)) return null;
  const bytes = ipaddr.parse(address).toByteArray();
  if (bytes.length === 4) return `${bytes.reverse().join(".")}.in-addr.arpa`;
  const digits = bytes.flatMap((byte) => [byte >> 4, byte & 15]).reverse();
  return `${digits.map((digit) => digit.toString(16)).join(".")}.ip6.arpa`;
}
