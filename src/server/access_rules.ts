import type { Config } from "../config/config.ts";
import { forwardedHops } from "../formats/http/forwarded.ts";
import { canonicalAddress, isLoopback, NetworkSet } from "../formats/network/ip_address.ts";
import { remembered } from "../platform/remembered.ts";
import { hostName } from "../platform/host_name.ts";
import { type Client, UNKNOWN_ADDRESS } from "../repositories/leases.ts";

/** Suffixes of local networks, below which nobody on the internet can have a name. */
const LOCAL_SUFFIXES = ["", ".local", ".lan", ".internal", ".home.arpa", ".localdomain"];

/** A peer's address in its usual form. */
const addressOf = remembered((hostname) => canonicalAddress(hostname) ?? hostname);

/** Who a client is, whether it is served, and under which names the API answers. */
export class AccessRules {
  /** Whether an address is that of a proxy which may say for whom it asks. */
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
   * Who sent a request that came from `peer`. A trusted proxy says for whom it asks; the nearest one
   * that is not trusted is the client, since what stands before it may be made up.
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

  /** Whether a client is served at all. This machine is, so that it can be administered. */
  admits({ hostname }: Client): boolean {
    return this.#isAdmitted(hostname);
  }

  /**
   * Whether the API answers under this host name of a URL. A web page can have a name of its own
   * that means this machine (DNS rebinding), but no address and none of the names here.
   */
  isOwnHost(hostname: string): boolean {
    return canonicalAddress(hostname) !== null ||
      this.#hosts.has(hostname.toLowerCase().replace(/\.$/, ""));
  }
}
