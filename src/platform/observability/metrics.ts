import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** How requests for files end, as the metric counts them. */
export const REQUEST_RESULTS = [
  /** From the cache. */
  "hit",
  /** Started a download. */
  "miss",
  /** Read a download that was in flight. */
  "join",
  /** From the cache, because no mirror could say whether there is something newer. */
  "stale",
  /** A range straight from a mirror, because the download in flight was far behind it. */
  "direct",
  /** 304: the client has it. */
  "not_modified",
  /** 404. */
  "not_found",
  /** Another answer of the class 4xx. */
  "refused",
  /** 5xx, or an answer that broke off. */
  "error",
] as const;

/** One of `REQUEST_RESULTS`. */
export type RequestResult = typeof REQUEST_RESULTS[number];

const FIRST_BYTE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts since the start. */
export interface MetricTotals {
  readonly requests: Readonly<Record<RequestResult, number>>;
  readonly bytesServed: number;
  readonly bytesFetched: number;
}

/** The numbers of one running pkgstash, in a registry of their own. */
export class Metrics {
  /** Content-Type of `text()`. */
  readonly contentType: string;

  readonly #registry = new Registry();
  readonly #registers = { registers: [this.#registry] };
  readonly #requests = new Counter({
    name: "pkgstash_requests_total",
    help: "Requests for files, by how they ended.",
    labelNames: ["result"],
    ...this.#registers,
  });
  readonly #bytesServed = new Counter({
    name: "pkgstash_bytes_served_total",
    help: "Bytes of files sent to clients.",
    ...this.#registers,
  });
  readonly #bytesFetched = new Counter({
    name: "pkgstash_bytes_fetched_total",
    help: "Bytes of files received from mirrors.",
    ...this.#registers,
  });
  readonly #upstreamErrors = new Counter({
    name: "pkgstash_upstream_errors_total",
    help: "Failures of mirrors, by mirror and reason.",
    labelNames: ["mirror", "reason"],
    ...this.#registers,
  });
  readonly #downloadsInFlight = new Gauge({
    name: "pkgstash_downloads_in_flight",
    help: "Files that are being fetched from mirrors now.",
    ...this.#registers,
  });
  readonly #upstreamFirstByte = new Histogram({
    name: "pkgstash_upstream_first_byte_seconds",
    help: "Time from asking a mirror to the first byte of its answer.",
    labelNames: ["mirror"],
    buckets: FIRST_BYTE_BUCKETS,
    ...this.#registers,
  });

  constructor() {
    this.contentType = this.#registry.contentType;
    // A result that has not occurred yet is 0, not absent: rates need a beginning.
    for (const result of REQUEST_RESULTS) this.#requests.inc({ result }, 0);
  }

  /** Reports the bytes that the cache holds, which `read` tells whenever the metrics are read. */
  observeCacheSize(read: () => number | Promise<number>): void {
    new Gauge({
      name: "pkgstash_cache_size_bytes",
      help: "Bytes of files in the cache.",
      ...this.#registers,
      async collect() {
        this.set(await read());
      },
    });
  }

  /** Counts a request that was answered. */
  request(result: RequestResult): void {
    this.#requests.inc({ result });
  }

  /** Counts bytes of a body sent to a client. */
  bytesServed(count: number): void {
    this.#bytesServed.inc(count);
  }

  /** Counts bytes of a body received from a mirror. */
  bytesFetched(count: number): void {
    this.#bytesFetched.inc(count);
  }

  /** Counts a mirror's failure; the reason is one of a few words, not a message. */
  upstreamError(mirror: string, reason: string): void {
    this.#upstreamErrors.inc({ mirror, reason });
  }

  /** Notes that a download began; each is to be followed by one `downloadEnded`. */
  downloadStarted(): void {
    this.#downloadsInFlight.inc();
  }

  /** Notes that a download is over, well or badly. */
  downloadEnded(): void {
    this.#downloadsInFlight.dec();
  }

  /** Notes how long a mirror took to its first byte. */
  upstreamFirstByte(mirror: string, seconds: number): void {
    this.#upstreamFirstByte.observe({ mirror }, seconds);
  }

  /** What was counted since the start. */
  async totals(): Promise<MetricTotals> {
    const [requests, served, fetched] = await Promise.all([
      this.#requests.get(),
      this.#bytesServed.get(),
      this.#bytesFetched.get(),
    ]);
    const counts = new Map(requests.values.map(({ labels, value }) => [labels.result, value]));
    return {
      requests: Object.fromEntries(
        REQUEST_RESULTS.map((result) => [result, counts.get(result) ?? 0]),
      ) as Record<RequestResult, number>,
      bytesServed: served.values[0]?.value ?? 0,
      bytesFetched: fetched.values[0]?.value ?? 0,
    };
  }

  /** Everything in the Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
