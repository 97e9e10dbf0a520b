/** How requests to mirrors are made. */
export interface HttpClientOptions {
  readonly userAgent: string;
  /** URL of an HTTP, HTTPS or SOCKS5 proxy, or null. */
  readonly upstreamProxy: string | null;
}

/** Sends requests to mirrors, through one connection pool. */
export class HttpClient implements Disposable {
  readonly #client: Deno.HttpClient;
  readonly #userAgent: string;

  constructor({ userAgent, upstreamProxy }: HttpClientOptions) {
    this.#userAgent = userAgent;
    this.#client = Deno.createHttpClient({
      ...(upstreamProxy === null ? {} : { proxy: { url: upstreamProxy } }),
      poolMaxIdlePerHost: 8,
    });
  }

  get(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return this.#send(url, { method: "GET", headers, signal });
  }

  head(url: string, signal: AbortSignal): Promise<Response> {
    return this.#send(url, { method: "HEAD", signal });
  }

  #send(
    url: string,
    { method, headers = {}, signal }: {
      method: "GET" | "HEAD";
      headers?: Record<string, string>;
      signal: AbortSignal;
    },
  ): Promise<Response> {
    return fetch(url, {
      method,
      client: this.#client,
      // Without "identity", fetch requests compression and undoes it: other bytes than the file's.
      headers: {
        ...headers,
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": this.#userAgent,
      },
      redirect: "follow",
      signal,
    });
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#client.close();
  }
}
