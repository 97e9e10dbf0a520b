import { PkgstashError, reasonOf } from "../errors.ts";
import { eventLogger } from "./observability/logging.ts";
import { isPublicHost, type Resolve } from "./public_address.ts";

const log = eventLogger("mirror");

/** Between two log lines about redirects from one host to another. */
const LOG_PERIOD_MS = 3_600_000;
/** More than the hosts to which honest mirrors redirect. */
const MAX_LOGGED = 1_000;

/** A host to which redirects may lead, as a `URL.host` or as a pattern of names. */
export type TrustedHost = string;

/**
 * Decides which redirects of mirrors are followed, since a mirror must not make this machine talk to
 * servers that only this machine can reach. Followed is a redirect
 *
 * - to a host that the configuration names, by its name and port,
 * - within a host, to the same port or from plain HTTP to HTTPS, but not back,
 * - by HTTPS to a host whose addresses are all public.
 *
 * A name may resolve to another address on connecting than when it was checked here. In that case,
 * the server at that address must have a certificate for the name, or the connection ends before
 * anything was requested.
 */
export class RedirectPolicy {
  readonly #resolve: Resolve | null;
  readonly #now: () => number;
  readonly #loggedAt = new Map<string, number>();
  #exact: ReadonlySet<string> = new Set();
  #patterns: readonly RegExp[] = [];

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(resolve: Resolve | null, now: () => number = () => performance.now()) {
    this.#resolve = resolve;
    this.#now = now;
  }

  /**
   * Replaces the hosts named in the configuration: each `host`, `host:port`, or a pattern of names
   * such as `*.example.org`. Without a port, the standard ports of HTTP and HTTPS apply.
   */
  trust(hosts: Iterable<TrustedHost>): void {
    const all = [...new Set(hosts)];
    this.#exact = new Set(all.filter((host) => !host.includes("*")));
    this.#patterns = all.filter((host) => host.includes("*")).map(patternOf);
  }

  /**
   * The URL to which a redirect leads. Throws `upstream` with a reason that follows the name of a
   * mirror if it must not be followed.
   */
  async follow(from: URL, location: string | null): Promise<URL> {
    const to = location === null ? null : URL.parse(location, from);
    if (to === null) throw refusal("redirects without a valid Location");
    if (to.protocol !== "http:" && to.protocol !== "https:") {
      throw refusal(`redirects to a URL of the scheme ${to.protocol.slice(0, -1)}`);
    }
    if (isSameHost(from, to)) return to;
    if (!this.#isTrusted(to)) await this.#checkPublic(to);
    this.#log(from, to);
    return to;
  }

  #isTrusted({ host }: URL): boolean {
    return this.#exact.has(host) || this.#patterns.some((pattern) => pattern.test(host));
  }

  async #checkPublic(to: URL): Promise<void> {
    const advice = "add it to redirect_hosts if this is intended";
    if (to.protocol !== "https:") {
      throw refusal(`redirects to ${to.host} by plain HTTP; ${advice}`);
    }
    let isPublic;
    try {
      isPublic = await isPublicHost(to.hostname, this.#resolve);
    } catch (error) {
      throw refusal(`redirects to ${to.host}, which cannot be resolved: ${reasonOf(error)}`);
    }
    if (!isPublic) throw refusal(`redirects to ${to.host}, which is not a public host; ${advice}`);
  }

  #log(from: URL, to: URL): void {
    const pair = `${from.host} ${to.host}`;
    const now = this.#now();
    if (now - (this.#loggedAt.get(pair) ?? -Infinity) < LOG_PERIOD_MS) return;
    this.#loggedAt.delete(pair);
    this.#loggedAt.set(pair, now);
    const [oldest] = this.#loggedAt.keys();
    if (this.#loggedAt.size > MAX_LOGGED && oldest !== undefined) this.#loggedAt.delete(oldest);
    log.info("mirror redirects to another host", { from: from.host, to: to.host });
  }
}

/**
 * Whether a redirect stays on its host and port, or goes from plain HTTP to HTTPS there. Without
 * HTTPS nothing proves that the host is still the same, so the reverse counts as another host.
 */
export function isSameHost(from: URL, to: URL): boolean {
  if (from.hostname !== to.hostname) return false;
  if (from.protocol === "https:" && to.protocol === "http:") return false;
  // Standard ports are empty in URLs, whatever the scheme.
  return from.port === to.port || portOf(from) === portOf(to);
}

function portOf(url: URL): string {
  return url.port || (url.protocol === "https:" ? "443" : "80");
}

function patternOf(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", "[^:]*")}$`);
}

function refusal(reason: string): PkgstashError {
  return new PkgstashError("upstream", reason);
}
