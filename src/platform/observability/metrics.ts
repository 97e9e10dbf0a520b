// All of prom-client would load an HTTP client, which delays every start by some 30 ms.
import Counter from "prom-client/counter";
import PromGauge from "prom-client/gauge";
import Histogram from "prom-client/histogram";
import Registry from "prom-client/registry";
import { reasonOf } from "../../errors.ts";
import { eventLogger } from "./logging.ts";

const log = eventLogger("metrics");

/** How a request for a file can end: the label `result` of `pkgstash_requests_total`. */
export const REQUEST_RESULTS = [
  /** Served from the cache. */
  "hit",
  /** Started a download. */
  "miss",
  /** Joined a download that was in flight. */
  "join",
  /** Served from the cache, because no mirror could be asked for something newer. */
  "stale",
  /** A range fetched straight from a mirror, because the download in flight was far behind it. */
  "direct",
  /** 304. */
  "not_modified",
  /** 404. */
  "not_found",
  /** Any other 4xx. */
  "refused",
  /** 5xx, or an aborted response. */
  "error",
] as const;

/** One of `REQUEST_RESULTS`. */
export type RequestResult = typeof REQUEST_RESULTS[number];

const FIRST_BYTE_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A gauge that is read when the metrics are requested. */
export interface Gauge {
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** The label that distinguishes its samples, if there may be several. */
  readonly label?: string;
}

/** One value of a gauge. */
export interface Sample {
  /** The value of the gauge's label. */
  readonly label?: string;
  readonly value: number;
}

/** A counter with labels that is kept elsewhere, and read when the metrics are requested. */
export interface Total {
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  readonly labels: readonly string[];
}

/** One value of a total. */
export interface TotalSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** From ten seconds to half a day. */
const BUILD_BUCKETS_SECONDS = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 43_200];

/** Counts since the daemon started. */
export interface MetricTotals {
  readonly requests: Readonly<Record<RequestResult, number>>;
  readonly bytesServed: number;
  readonly bytesFetched: number;
}

/** The metrics of one daemon, in a registry of its own rather than prom-client's global one. */
export class Metrics {
  /** The Content-Type of `text()`. */
  readonly contentType: string;

  readonly #registry = new Registry();
  readonly #registers = { registers: [this.#registry] };
  /**
   * There may be tens of thousands of these per second: they are counted here, and passed on when
   * read.
   */
  readonly #requests = Object.fromEntries(
    REQUEST_RESULTS.map((result) => [result, 0]),
  ) as Record<RequestResult, number>;
  #bytesServed = 0;
  readonly #bytesFetched = new Counter({
    name: "pkgstash_bytes_fetched_total",
    help: "Bytes of files received from mirrors.",
    ...this.#registers,
  });
  readonly #upstreamErrors = new Counter({
    name: "pkgstash_upstream_errors_total",
    help: "Mirror failures, by mirror and reason.",
    labelNames: ["mirror", "reason"],
    ...this.#registers,
  });
  readonly #downloadsInFlight = new PromGauge({
    name: "pkgstash_downloads_in_flight",
    help: "Downloads from mirrors in flight.",
    ...this.#registers,
  });
  readonly #upstreamFirstByte = new Histogram({
    name: "pkgstash_upstream_first_byte_seconds",
    help: "Time to first byte of requests to mirrors.",
    labelNames: ["mirror"],
    buckets: FIRST_BYTE_BUCKETS_SECONDS,
    ...this.#registers,
  });

  readonly #buildAttempts = new Counter({
    name: "pkgstash_build_attempts_total",
    help: "Finished build attempts, by outcome.",
    labelNames: ["outcome"],
    ...this.#registers,
  });
  readonly #buildSeconds = new Histogram({
    name: "pkgstash_build_seconds",
    help: "Duration of build attempts.",
    buckets: BUILD_BUCKETS_SECONDS,
    ...this.#registers,
  });

  constructor() {
    this.contentType = this.#registry.contentType;
    const requests = this.#requests;
    new Counter({
      name: "pkgstash_requests_total",
      help: "File requests, by outcome.",
      labelNames: ["result"],
      ...this.#registers,
      collect() {
        this.reset();
        // A rate needs a first sample, so results that have not occurred yet are 0 rather than
        // absent.
        for (const result of REQUEST_RESULTS) this.inc({ result }, requests[result]);
      },
    });
    const bytesServed = () => this.#bytesServed;
    new Counter({
      name: "pkgstash_bytes_served_total",
      help: "Bytes of files sent to clients.",
      ...this.#registers,
      collect() {
        this.reset();
        this.inc(bytesServed());
      },
    });
  }

  /**
   * Adds a gauge; `read` is called whenever the metrics are. If it fails, the gauge has no samples,
   * and the other metrics are not affected.
   */
  observe({ name, help, label }: Gauge, read: () => Promise<readonly Sample[]>): void {
    new PromGauge({
      name,
      help,
      ...(label === undefined ? {} : { labelNames: [label] }),
      ...this.#registers,
      async collect() {
        this.reset();
        // Otherwise a gauge without labels would be 0 when the value is unknown.
        if (label === undefined) this.remove();
        try {
          for (const sample of await read()) {
            if (label === undefined) this.set(sample.value);
            else this.set({ [label]: sample.label ?? "" }, sample.value);
          }
        } catch (error) {
          log.warn("cannot read a metric", { name, reason: reasonOf(error) });
        }
      },
    });
  }

  /** Adds a counter; `read` is called whenever the metrics are. */
  observeTotal({ name, help, labels }: Total, read: () => Iterable<TotalSample>): void {
    new Counter({
      name,
      help,
      labelNames: [...labels],
      ...this.#registers,
      collect() {
        this.reset();
        for (const sample of read()) this.inc(sample.labels, sample.value);
      },
    });
  }

  /** `read` returns the bytes of the cache; it is called whenever the metrics are read. */
  observeCacheSize(read: () => number | Promise<number>): void {
    new PromGauge({
      name: "pkgstash_cache_size_bytes",
      help: "Bytes of files in the cache.",
      ...this.#registers,
      async collect() {
        this.set(await read());
      },
    });
  }

  /** Counts a request by its outcome. */
  countRequest(result: RequestResult): void {
    this.#requests[result]++;
  }

  /** Adds bytes of a file that were sent to a client. */
  addBytesServed(count: number): void {
    this.#bytesServed += count;
  }

  /** Adds bytes of a file that were received from a mirror. */
  addBytesFetched(count: number): void {
    this.#bytesFetched.inc(count);
  }

  /** Counts a failure of a mirror. `reason` becomes a label, so there must be few of them. */
  countUpstreamError(mirror: string, reason: string): void {
    this.#upstreamErrors.inc({ mirror, reason });
  }

  /** Adds a download to those in flight; every call needs its `removeDownload`. */
  addDownload(): void {
    this.#downloadsInFlight.inc();
  }

  /** Removes a download from those in flight, however it ended. */
  removeDownload(): void {
    this.#downloadsInFlight.dec();
  }

  /** Records the seconds from a request to a mirror to the first byte of its response. */
  recordFirstByte(mirror: string, seconds: number): void {
    this.#upstreamFirstByte.observe({ mirror }, seconds);
  }

  /** Records the outcome of a build attempt, one of a few words, and its duration. */
  recordBuildAttempt(outcome: string, seconds: number): void {
    this.#buildAttempts.inc({ outcome });
    this.#buildSeconds.observe(seconds);
  }

  /** The counts so far, for the status report. */
  async totals(): Promise<MetricTotals> {
    const fetched = await this.#bytesFetched.get();
    return {
      requests: { ...this.#requests },
      bytesServed: this.#bytesServed,
      bytesFetched: fetched.values[0]?.value ?? 0,
    };
  }

  /** All metrics in the Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
