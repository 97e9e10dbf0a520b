import type { Config, UpstreamConfig } from "../../config/config.ts";
import { PkgstashError } from "../../errors.ts";
import { HttpClient, type HttpClientOptions, redirectPolicy } from "../../platform/http_client.ts";
import type { RedirectPolicy } from "../../platform/redirects.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import { Hops } from "./hops.ts";
import { archiveAt, type Mirror, mirrorAt } from "./mirror.ts";
import { MirrorlistFile, type MirrorlistState } from "./mirrorlist_file.ts";
import type { ListenAddress } from "./own_address.ts";
import type { MirrorLimits } from "./mirror_limits.ts";
import { Upstream } from "./upstream.ts";

const log = eventLogger("mirror");

/** The keys that affect requests to mirrors. */
export type UpstreamSettings =
  & Pick<Config, "upstreams" | "archiveUrl" | "userAgent" | "upstreamProxy">
  & ListenAddress
  & MirrorLimits;

/** Interval between two checks of the mirrorlists. */
const MIRRORLIST_CHECK_MS = 5_000;

/** How to create a client for a distribution's mirrors. */
export type Connect = (options: HttpClientOptions) => HttpClient;

/** Every configured distribution, by name in configuration order. */
export class Upstreams implements Disposable {
  /** Recognizes requests that have come round in a circle. */
  readonly hops = new Hops();
  readonly #metrics: Metrics;
  readonly #connect: Connect;
  #settings: UpstreamSettings;
  #redirects: RedirectPolicy;
  #byName: ReadonlyMap<string, Upstream> = new Map();
  /** By name of the upstream. */
  #mirrorlists: ReadonlyMap<string, MirrorlistFile> = new Map();
  readonly #onMirrorsChanged: (upstream: string) => void;
  readonly #checks: ReturnType<typeof setInterval>;

  /** `onMirrorsChanged` is called when the mirrorlist of an upstream has put others into force. */
  constructor(
    settings: UpstreamSettings,
    metrics: Metrics,
    { connect = (options) => new HttpClient(options), onMirrorsChanged = () => {} }: {
      connect?: Connect;
      onMirrorsChanged?: (upstream: string) => void;
    } = {},
  ) {
    this.#metrics = metrics;
    this.#connect = connect;
    this.#onMirrorsChanged = onMirrorsChanged;
    this.#settings = settings;
    this.#redirects = redirectPolicy(settings.upstreamProxy);
    this.reconfigure(settings);
    this.#checks = setInterval(() => this.checkMirrorlists(), MIRRORLIST_CHECK_MS);
    Deno.unrefTimer(Number(this.#checks));
  }

  /**
   * Puts a new configuration into force. A distribution that stays keeps its mirrors' health, and
   * its connections unless the proxy or the user agent changed; a removed one ends with its last
   * response.
   */
  reconfigure(settings: UpstreamSettings): void {
    const keepsClient = settings.userAgent === this.#settings.userAgent &&
      settings.upstreamProxy === this.#settings.upstreamProxy;
    const redirects = keepsClient ? this.#redirects : redirectPolicy(settings.upstreamProxy);
    const { userAgent, upstreamProxy } = settings;
    const connect = () => this.#connect({ userAgent, upstreamProxy, redirects });
    const before = this.#byName;
    const mirrorlists = this.#reconfiguredMirrorlists(settings);
    this.#byName = new Map(
      settings.upstreams.map((config, index) => {
        const known = before.get(config.name);
        // The archive keeps the packages of Arch Linux itself, which is the first upstream.
        const archiveUrl = index === 0 ? settings.archiveUrl : null;
        const mirrorUrls = [
          ...config.mirrorUrls,
          ...mirrorlists.get(config.name)?.urls ?? [],
        ];
        const options = {
          name: config.name,
          ...mirrorsOf({ ...config, mirrorUrls }, archiveUrl, known),
          secretHeaders: config.secretHeaders,
          limits: settings,
        };
        if (known === undefined) {
          const client = connect();
          const upstream = new Upstream({
            ...options,
            client,
            metrics: this.#metrics,
            hops: this.hops,
          });
          return [config.name, upstream];
        }
        const client = keepsClient ? null : connect();
        known.reconfigure({ ...options, client });
        return [config.name, known];
      }),
    );
    this.#settings = settings;
    this.#redirects = redirects;
    this.#mirrorlists = mirrorlists;
    this.#trustNamedHosts();
    for (const [name, upstream] of before) if (!this.#byName.has(name)) upstream.close();
    for (const { name, secretHeaders } of settings.upstreams) {
      if (Object.keys(secretHeaders).length > 0) this.#warnOfClearText(name);
    }
  }

  /** Puts changed mirrorlists into force, as a reload would. */
  checkMirrorlists(): void {
    for (const [name, list] of this.#mirrorlists) {
      if (!list.check()) continue;
      this.reconfigure(this.#settings);
      this.#onMirrorsChanged(name);
    }
  }

  /** The state of every mirrorlist. */
  get mirrorlists(): MirrorlistState[] {
    return [...this.#mirrorlists.values()].map(({ state }) => state);
  }

  /** The distribution with this name; throws `not_found` if it is no longer configured. */
  get(name: string): Upstream {
    const upstream = this.#byName.get(name);
    if (upstream !== undefined) return upstream;
    throw new PkgstashError(
      "not_found",
      `Cannot query the mirrors of ${name}: it is no longer configured.`,
    );
  }

  [Symbol.iterator](): Iterator<Upstream> {
    return this.#byName.values();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#checks);
    for (const upstream of this) upstream.close();
  }

  #warnOfClearText(name: string): void {
    const inClear = this.get(name).pool.mirrors.find(({ address }) => address.startsWith("http:"));
    if (inClear === undefined) return;
    log.warn("credentials are sent unencrypted", { upstream: name, mirror: inClear.name });
  }

  /** The mirrorlists of a configuration, read; those that stay keep their last good mirrors. */
  #reconfiguredMirrorlists(settings: UpstreamSettings): Map<string, MirrorlistFile> {
    const lists = new Map<string, MirrorlistFile>();
    for (const upstream of settings.upstreams) {
      if (upstream.mirrorlist === "") continue;
      const known = this.#mirrorlists.get(upstream.name);
      const stays = known?.path === upstream.mirrorlist;
      const list = stays ? known : new MirrorlistFile(upstream, settings);
      if (stays && settings !== this.#settings) list.reconfigure(upstream, settings);
      list.check();
      lists.set(upstream.name, list);
    }
    return lists;
  }

  /** Trusts the hosts named in the configuration: mirrors, the archive, and those for redirects. */
  #trustNamedHosts(): void {
    const { upstreams, archiveUrl } = this.#settings;
    const urls = [
      ...upstreams.flatMap(({ mirrorUrls }) => mirrorUrls),
      ...[...this.#mirrorlists.values()].flatMap((list) => list.urls),
      ...(archiveUrl === null ? [] : [archiveUrl]),
    ];
    this.#redirects.trust([
      ...urls.map((url) => new URL(url).host),
      ...upstreams.flatMap(({ redirectHosts }) => redirectHosts),
    ]);
  }
}

/** The mirrors of a distribution, each once; those it already had are kept as they are. */
function mirrorsOf(
  { mirrorUrls, upstreamLayout }: Pick<UpstreamConfig, "mirrorUrls" | "upstreamLayout">,
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
