import { lookup } from "node:dns/promises";
import { PkgstashError } from "../errors.ts";
import { isSameHost, RedirectPolicy } from "./redirects.ts";

/** More than any honest chain has. */
const MAX_REDIRECTS = 5;
/** A redirect's body up to this size is read, which keeps the connection alive. */
const MAX_DRAINED_BYTES = 8 * 1024;

/** The statuses that redirect a GET or HEAD to the URL in Location (RFC 9110, section 15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The headers passed on to another host. All others are meant for the original host only: they may
 * contain secrets.
 */
const PORTABLE_HEADERS: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "cache-control",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "range",
  "user-agent",
  "via",
]);

/** How requests to mirrors are made. */
export interface HttpClientOptions {
  readonly userAgent: string;
  /** URL of an HTTP, HTTPS or SOCKS5 proxy, or null. */
  readonly upstreamProxy: string | null;
  /** By default, redirects are followed to public hosts over HTTPS, and within a host. */
  readonly redirects?: RedirectPolicy;
}

/** Sends requests to mirrors, through one connection pool. */
export class HttpClient implements Disposable {
  readonly #client: Deno.HttpClient;
  readonly #userAgent: string;
  readonly #redirects: RedirectPolicy;

  constructor({ userAgent, upstreamProxy, redirects }: HttpClientOptions) {
    this.#userAgent = userAgent;
    this.#redirects = redirects ?? redirectPolicy(upstreamProxy);
    this.#client = Deno.createHttpClient({
      ...(upstreamProxy === null ? {} : { proxy: { url: upstreamProxy } }),
      poolMaxIdlePerHost: 8,
    });
  }

  get(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    return this.#send(url, { method: "GET", headers, signal });
  }

  head(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    return this.#send(url, { method: "HEAD", headers, signal });
  }

  /**
   * POSTs or PUTs a body, whose type is in `headers`. A redirect is an error: a body is meant for
   * its host only.
   */
  async send(
    url: string,
    { body, headers, signal, method = "POST" }: {
      method?: "POST" | "PUT";
      body: string | Uint8Array<ArrayBuffer>;
      headers: Readonly<Record<string, string>>;
      signal: AbortSignal;
    },
  ): Promise<Response> {
    const response = await fetch(url, {
      method,
      client: this.#client,
      headers: { "user-agent": this.#userAgent, "accept-encoding": "identity", ...headers },
      body,
      redirect: "manual",
      signal,
    });
    if (!REDIRECTS.has(response.status)) return response;
    await drain(response);
    throw new PkgstashError("upstream", "redirects a request that must not be redirected");
  }

  /** Follows redirects itself: the runtime would follow them anywhere, with all headers. */
  async #send(
    start: string,
    { method, headers, signal }: {
      method: "GET" | "HEAD";
      headers: Readonly<Record<string, string>>;
      signal: AbortSignal;
    },
  ): Promise<Response> {
    const sent = new Headers({
      ...headers,
      "accept": "*/*",
      // Without "identity", fetch requests compression and undoes it, yielding other bytes than the
      // file's.
      "accept-encoding": "identity",
      "user-agent": this.#userAgent,
    });
    let url = new URL(start);
    for (let count = 0; count <= MAX_REDIRECTS; count++) {
      const response = await fetch(url, {
        method,
        client: this.#client,
        headers: sent,
        redirect: "manual",
        signal,
      });
      if (!REDIRECTS.has(response.status)) return response;
      await drain(response);
      const to = await this.#redirects.follow(url, response.headers.get("location"));
      const isTrusted = isSameHost(url, to);
      // A user name in a Location would make this machine log in wherever the mirror says.
      to.username = isTrusted ? url.username : "";
      to.password = isTrusted ? url.password : "";
      if (!isTrusted) {
        for (const name of [...sent.keys()]) if (!PORTABLE_HEADERS.has(name)) sent.delete(name);
      }
      url = to;
    }
    throw new PkgstashError("upstream", `redirects more than ${MAX_REDIRECTS} times`);
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/**
 * A policy that trusts no host yet. A proxy resolves names itself, and they may mean nothing here.
 */
export function redirectPolicy(upstreamProxy: string | null): RedirectPolicy {
  return new RedirectPolicy(upstreamProxy === null ? resolve : null);
}

/** Resolves a name as the runtime's connections do. */
async function resolve(hostName: string): Promise<string[]> {
  return (await lookup(hostName, { all: true })).map(({ address }) => address);
}

async function drain(response: Response): Promise<void> {
  const length = response.headers.get("content-length") ?? "";
  if (/^\d+$/.test(length) && Number(length) <= MAX_DRAINED_BYTES) await response.arrayBuffer();
  else await response.body?.cancel();
}
