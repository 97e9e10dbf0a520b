import type { Config, UpstreamConfig } from "../../config/config.ts";
import { PkgstashError } from "../../errors.ts";
import { HttpClient, type HttpClientOptions, redirectPolicy } from "../../platform/http_client.ts";
import type { RedirectPolicy } from "../../platform/redirects.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import { archiveAt, type Mirror, mirrorAt } from "./mirror.ts";
import { type MirrorTimeouts, Upstream } from "./upstream.ts";

/** The keys that mirrors are asked by. */
export type UpstreamSettings =
  & Pick<Config, "upstreams" | "archiveUrl" | "userAgent" | "upstreamProxy">
  & MirrorTimeouts;

/** How a client for a distribution's mirrors is made. */
export type Connect = (options: HttpClientOptions) => HttpClient;

/** Every configured distribution, by name in the order of the configuration. */
export class Upstreams implements Disposable {
  readonly #metrics: Metrics;
  readonly #connect: Connect;
  #settings: UpstreamSettings;
  #redirects: RedirectPolicy;
  #byName: ReadonlyMap<string, Upstream> = new Map();

  constructor(
    settings: UpstreamSettings,
    metrics: Metrics,
    connect: Connect = (options) => new HttpClient(options),
  ) {
    this.#metrics = metrics;
    this.#connect = connect;
    this.#settings = settings;
    this.#redirects = redirectPolicy(settings.upstreamProxy);
    this.reconfigure(settings);
  }

  /**
   * Puts a new configuration in force. A distribution that stays keeps its mirrors' health, and its
   * connections unless the proxy or the user agent changed; one that is gone ends with its last
   * response.
   */
  reconfigure(settings: UpstreamSettings): void {
    const keepsClient = settings.userAgent === this.#settings.userAgent &&
      settings.upstreamProxy === this.#settings.upstreamProxy;
    const redirects = keepsClient ? this.#redirects : redirectPolicy(settings.upstreamProxy);
    const { userAgent, upstreamProxy } = settings;
    const connect = () => this.#connect({ userAgent, upstreamProxy, redirects });
    const before = this.#byName;
    this.#byName = new Map(
      settings.upstreams.map((config, index) => {
        const known = before.get(config.name);
        // The archive keeps the packages of Arch Linux itself, which is the first upstream.
        const archiveUrl = index === 0 ? settings.archiveUrl : null;
        const options = {
          name: config.name,
          ...mirrorsOf(config, archiveUrl, known),
          timeouts: settings,
        };
        if (known === undefined) {
          const client = connect();
          return [config.name, new Upstream({ ...options, client, metrics: this.#metrics })];
        }
        const client = keepsClient ? null : connect();
        known.reconfigure({ ...options, client });
        return [config.name, known];
      }),
    );
    this.#settings = settings;
    this.#redirects = redirects;
    redirects.trust(namedHosts(settings));
    for (const [name, upstream] of before) if (!this.#byName.has(name)) upstream.close();
  }

  /** The distribution of this name; throws `not_found` if it is no longer configured. */
  get(name: string): Upstream {
    const upstream = this.#byName.get(name);
    if (upstream !== undefined) return upstream;
    throw new PkgstashError(
      "not_found",
      `Cannot ask the mirrors of ${name}: it is no longer configured.`,
    );
  }

  [Symbol.iterator](): Iterator<Upstream> {
    return this.#byName.values();
  }

  [Symbol.dispose](): void {
    for (const upstream of this) upstream.close();
  }
}

/** The hosts that the configuration names: of mirrors, of the archive, and those for redirects. */
function* namedHosts({ upstreams, archiveUrl }: UpstreamSettings): Iterable<string> {
  for (const { mirrorUrls, redirectHosts } of upstreams) {
    for (const url of mirrorUrls) yield new URL(url).host;
    yield* redirectHosts;
  }
  if (archiveUrl !== null) yield new URL(archiveUrl).host;
}

/** The mirrors of a distribution, each once, and those that it had already as they are. */
function mirrorsOf(
  { mirrorUrls, upstreamLayout }: UpstreamConfig,
  archiveUrl: string | null,
  known: Upstream | undefined,
): { mirrors: Mirror[]; archive: Mirror | null } {
  const byAddress = new Map(known?.pool.mirrors.map((mirror) => [mirror.address, mirror]));
  const mirrors = mirrorUrls.map((url) => {
    const mirror = mirrorAt(url, upstreamLayout);
    return byAddress.get(mirror.address) ?? mirror;
  });
  const archive = archiveUrl === null ? null : archiveAt(archiveUrl);
  const knownArchive = known?.pool.archive ?? null;
  return {
    mirrors: [...new Map(mirrors.map((mirror) => [mirror.address, mirror])).values()],
    archive: archive?.address === knownArchive?.address ? knownArchive : archive,
  };
}
