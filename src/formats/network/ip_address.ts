import ipaddr from "ipaddr.js";

/**
 * The normalized form of an IP address: IPv6 in lower case and shortened (RFC 5952), an IPv4-mapped
 * one (`::ffff:192.0.2.1`) as IPv4, without brackets and zone. Null for any other text.
 */
export function canonicalAddress(text: string): string | null {
  return parse(text.replace(/^\[(.*)\]$/, "$1"))?.toString() ?? null;
}

/** Whether the text is an IP address, or a network such as `192.168.0.0/16` or `fd00::/8`. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== null;
}

/** Whether an address denotes this machine. */
export function isLoopback(address: string): boolean {
  return parse(address)?.range() === "loopback";
}

/**
 * The network that one client has to itself: its IPv4 address, or the /64 of its IPv6 address, in
 * which it may choose any number of addresses (RFC 4291, section 2.5.1). Any other text is returned
 * unchanged.
 */
export function clientNetwork(address: string): string {
  const parsed = parse(address);
  if (!(parsed instanceof ipaddr.IPv6)) return address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`)}/64`;
}

/** A set of addresses, defined by networks. */
export class NetworkSet {
  readonly #networks: readonly Network[];

  /** Each is an address or a network for which `isNetwork` holds; others are ignored. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(parseNetwork).filter((network) => network !== null);
  }

  /** Whether it contains no address at all. */
  get isEmpty(): boolean {
    return this.#networks.length === 0;
  }

  /** Whether one of the networks contains an address. */
  has(address: string): boolean {
    const parsed = parse(address);
    return parsed !== null &&
      this.#networks.some(({ base, bits }) =>
        base.kind() === parsed.kind() && parsed.match(base, bits)
      );
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

interface Network {
  readonly base: Address;
  readonly bits: number;
}

/** Short forms such as "10.1" and "0x7f.1", which `inet_aton` accepts, are not addresses here. */
function parse(text: string): Address | null {
  const address = text.replace(/%.*$/s, "");
  if (!ipaddr.IPv6.isValid(address) && !ipaddr.IPv4.isValidFourPartDecimal(address)) return null;
  return ipaddr.process(address);
}

function parseNetwork(text: string): Network | null {
  const [, address = "", length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const base = parse(address);
  if (base === null) return null;
  const size = base.kind() === "ipv4" ? 32 : 128;
  // The length of an IPv4-mapped network counts the 96 bits before the IPv4 address.
  const shift = base.kind() === "ipv4" && address.includes(":") ? 96 : 0;
  const bits = length === undefined ? size : Number(length) - shift;
  return bits >= 0 && bits <= size ? { base, bits } : null;
}
