import { BlockList, isIP } from "node:net";

/** Resolves a host name to its addresses, like a connection to it would. */
export type Resolve = (hostName: string) => Promise<readonly string[]>;

/** Addresses that no public server has, from IANA's IPv4 and IPv6 special-purpose registries. */
const SPECIAL: readonly [network: string, prefix: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  // Teredo, ORCHID, benchmarking and documentation
  ["2001::", 23],
  ["2001:db8::", 32],
  // 6to4, which embeds any IPv4 address
  ["2002::", 16],
  ["3fff::", 20],
];

const special = new BlockList();
for (const [network, prefix] of SPECIAL) special.addSubnet(network, prefix, family(network));
/** Global unicast (RFC 4291, section 2.4); everything else in IPv6 is special. */
const global = new BlockList();
global.addSubnet("2000::", 3, "ipv6");

/**
 * Names that resolve differently at home than elsewhere, or not at all: RFC 6761, RFC 6762, RFC
 * 8375 and names that routers invent.
 */
const LOCAL_NAME = /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home|home\.arpa)$/;

/** Whether a server on the internet can have this IP address. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  // Also refuses IPv4-mapped addresses and NAT64's, which lead to IPv4.
  if (version === 6 && !global.check(address, "ipv6")) return false;
  return !special.check(address, family(address));
}

/**
 * Whether the host of a URL is on the internet: a public address, or a name whose addresses are all
 * public. A null `resolve` leaves the addresses of names to a proxy, which alone knows them.
 */
export async function isPublicHost(host: string, resolve: Resolve | null): Promise<boolean> {
  const literal = host.replace(/^\[(.*)\]$/, "$1");
  if (isIP(literal) !== 0) return isPublicAddress(literal);
  const name = host.toLowerCase().replace(/\.$/, "");
  if (!name.includes(".") || LOCAL_NAME.test(name)) return false;
  if (resolve === null) return true;
  const addresses = await resolve(name);
  return addresses.length > 0 && addresses.every(isPublicAddress);
}

function family(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
