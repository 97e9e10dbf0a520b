/** Sends requests to mirrors: one connection pool, one name, one proxy. */
export class HttpClient implements Disposable {
  readonly #client: Deno.HttpClient;

  constructor(private readonly options: { userAgent: string; upstreamProxy: string | null }) {
    this.#client = Deno.createHttpClient({
      ...(options.upstreamProxy === null ? {} : { proxy: { url: options.upstreamProxy } }),
      poolMaxIdlePerHost: 8,
    });
  }

  get(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return this.#fetch("GET", url, headers, signal);
  }

  head(url: string, signal: AbortSignal): Promise<Response> {
    return this.#fetch("HEAD", url, {}, signal);
  }

  #fetch(
    method: string,
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    return fetch(url, {
      method,
      client: this.#client,
      // Without "identity", fetch asks for compression and undoes it: other bytes than the file's.
      headers: {
        ...headers,
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": this.options.userAgent,
      },
      redirect: "follow",
      signal,
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
