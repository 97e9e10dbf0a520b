import type { Config } from "../config/config.ts";
import { forwardedHops } from "../formats/http/forwarded.ts";
import { canonicalAddress, isLoopback, NetworkSet } from "../formats/network/ip_address.ts";
import { remembered } from "../platform/remembered.ts";
import { hostName } from "../platform/host_name.ts";
import { type Client, UNKNOWN_ADDRESS } from "../repositories/leases.ts";

/** Suffixes of local networks, which nobody on the internet can use for a name. */
const LOCAL_SUFFIXES = ["", ".local", ".lan", ".internal", ".home.arpa", ".localdomain"];

/** A peer's normalized address. */
const addressOf = remembered((hostname) => canonicalAddress(hostname) ?? hostname);

/** Who a client is, whether it is served, and under which names the API answers. */
export class AccessRules {
  /** Whether an address belongs to a proxy that may name its client. */
  readonly isTrusted: (address: string) => boolean;
  readonly #isAdmitted: (address: string) => boolean;
  readonly #hosts: ReadonlySet<string>;

  /** `machineName` is the host name of this machine. */
  constructor(
    config: Pick<Config, "trustedProxies" | "allowedNetworks" | "allowedHosts">,
    machineName: string = hostName(),
  ) {
    const trusted = new NetworkSet(config.trustedProxies);
    const allowed = new NetworkSet(config.allowedNetworks);
    this.isTrusted = remembered((address) => trusted.has(address));
    this.#isAdmitted = remembered((address) =>
      allowed.isEmpty || allowed.has(address) || isLoopback(address)
    );
    const name = machineName.toLowerCase();
    const [shortName = name] = name.split(".");
    this.#hosts = new Set([
      "localhost",
      name,
      ...LOCAL_SUFFIXES.map((suffix) => shortName + suffix),
      ...config.allowedHosts.map((host) => host.toLowerCase()),
    ]);
  }

  /**
   * Who sent a request that came from `peer`. A trusted proxy names its client; the nearest address
   * that is not trusted is the client, since anything before it may be forged.
   */
  clientOf(headers: Headers, peer: { hostname: string; port: number }): Client {
    const client = { hostname: addressOf(peer.hostname), port: peer.port };
    if (!this.isProxy(peer)) return client;
    const hops = forwardedHops(headers);
    if (hops === null) return client;
    let nearest: Client = { hostname: UNKNOWN_ADDRESS, port: null };
    for (const { address, port } of hops.reverse()) {
      if (address === null) return { hostname: UNKNOWN_ADDRESS, port: null };
      nearest = { hostname: address, port };
      if (!this.isTrusted(address)) break;
    }
    return nearest;
  }

  /** Whether a connection comes from a trusted proxy, whatever its requests say. */
  isProxy({ hostname }: { hostname: string }): boolean {
    return this.isTrusted(addressOf(hostname));
  }

  /** Whether a client is served at all. This machine always is, so that it can be administered. */
  admits({ hostname }: Client): boolean {
    return this.#isAdmitted(hostname);
  }

  /**
   * Whether the API answers under this host name of a URL. An attacker's web page can point a name
   * of its own at this machine (DNS rebinding), but not an address or one of these names.
   */
  isOwnHost(hostname: string): boolean {
    return canonicalAddress(hostname) !== null ||
      this.#hosts.has(hostname.toLowerCase().replace(/\.$/, ""));
  }
}
