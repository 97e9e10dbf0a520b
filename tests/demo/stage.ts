import { abortable } from "@std/async/abortable";
import { App } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { untilDownloadsEnd } from "../support/daemon_metrics.ts";
import { type Behaviour, FakeMirror } from "../support/fake_mirror.ts";
import {
  type Catalogue,
  type CatalogueFile,
  generateCatalogue,
  packagesOf,
  putAll,
} from "./catalogue.ts";
import { Client, type Receipt, type RequestOptions } from "./client.ts";
import { Ledger } from "./ledger.ts";
import { bytesText, timeText } from "./quantities.ts";
import type { Story } from "./story.ts";

const SLOW_LATENCY_MS = 150;
const SLOW_BYTES_PER_SECOND = 3_000_000;
const FRAIL_BYTES_PER_SECOND = 4_500_000;

/** What a client should receive, and how it behaves. */
export interface Expected extends RequestOptions {
  /** X-Cache. */
  cache: string;
  /** "complete" by default. */
  end?: Receipt["end"];
}

interface Cast {
  slow: FakeMirror;
  frail: FakeMirror;
  app: App;
  catalogue: Catalogue;
  cacheRoot: string;
}

/** Two mirrors, pkgstash in front of them, and as many clients as a scene needs. */
export class Stage implements AsyncDisposable {
  readonly ledger = new Ledger();
  readonly slow: FakeMirror;
  readonly frail: FakeMirror;
  readonly app: App;
  readonly catalogue: Catalogue;
  readonly story: Story;
  readonly #cacheRoot: string;
  readonly #signal: AbortSignal;
  readonly #haste: number;
  readonly #resources: AsyncDisposableStack;
  readonly #clients = new Map<string, Client>();

  private constructor(
    { slow, frail, app, catalogue, cacheRoot }: Cast,
    { story, signal, haste, resources }: {
      story: Story;
      signal: AbortSignal;
      haste: number;
      resources: AsyncDisposableStack;
    },
  ) {
    this.slow = slow;
    this.frail = frail;
    this.app = app;
    this.catalogue = catalogue;
    this.story = story;
    this.#cacheRoot = cacheRoot;
    this.#signal = signal;
    this.#haste = haste;
    this.#resources = resources;
  }

  /** Starts everything. The mirrors are `haste` times as fast as people can watch. */
  static async set(story: Story, signal: AbortSignal, haste: number): Promise<Stage> {
    await using resources = new AsyncDisposableStack();
    const catalogue = await generateCatalogue();
    const slow = resources.use(await FakeMirror.start());
    const frail = resources.use(await FakeMirror.start());
    // Each mirror has one database, which decides which mirror pkgstash asks for the packages in it.
    putAll(slow, [catalogue.core, ...packagesOf(catalogue)]);
    putAll(frail, [catalogue.extra, ...packagesOf(catalogue)]);
    const cacheRoot = await Deno.makeTempDir({ dir: "/tmp", prefix: "pkgstash-demo-" });
    resources.defer(() => Deno.remove(cacheRoot, { recursive: true }));
    const app = resources.use(await App.start(configuration(cacheRoot, [slow, frail])));
    const stage = new Stage(
      { slow, frail, app, catalogue, cacheRoot },
      { story, signal, haste, resources: resources.move() },
    );
    for (const mirror of [slow, frail]) mirror.behave("*", stage.usualBehaviourOf(mirror));
    return stage;
  }

  /** Prints who takes part. */
  introduce(): void {
    const { slow, frail, app, story } = this;
    const host = (url: string) => new URL(url).host.padEnd(18);
    const speed = (bytesPerSecond: number) => `${bytesText(bytesPerSecond)}/s`;
    story.line(
      `  slow mirror   ${host(slow.url)}${speed(SLOW_BYTES_PER_SECOND)}, ` +
        `responds after ${SLOW_LATENCY_MS} ms`,
    );
    story.line(
      `  frail mirror  ${host(frail.url)}${speed(FRAIL_BYTES_PER_SECOND)}, until it dies`,
    );
    story.line(`  pkgstash      ${host(app.url)}in front of both, cache in ${this.#cacheRoot}`);
  }

  /** How a mirror behaves when it is well. */
  usualBehaviourOf(mirror: FakeMirror): Behaviour[] {
    const fullSpeed = mirror === this.slow ? SLOW_BYTES_PER_SECOND : FRAIL_BYTES_PER_SECOND;
    const bytesPerSecond = fullSpeed * this.#haste;
    const stepMilliseconds = Math.max(1, Math.round(12 / this.#haste));
    const pace: Behaviour = { kind: "slow", bytesPerSecond, stepMilliseconds };
    if (mirror === this.frail) return [pace];
    return [{ kind: "hangBeforeHeaders", milliseconds: SLOW_LATENCY_MS }, pace];
  }

  nameOf(mirror: FakeMirror): string {
    return mirror === this.slow ? "slow mirror" : "frail mirror";
  }

  /**
   * Waits for a request for the file, or for `otherwise`.
   * @returns the mirror that got the request, and the other one.
   */
  async mirrorsByRequest(
    { path }: CatalogueFile,
    otherwise: Promise<unknown>,
  ): Promise<[FakeMirror, FakeMirror]> {
    const { slow, frail } = this;
    await this.until(
      Promise.race([slow.waitForRequest(path), frail.waitForRequest(path), otherwise]),
    );
    return frail.count(path) > 0 ? [frail, slow] : [slow, frail];
  }

  /** The speed of a reader that is slower than both mirrors. */
  get slowReaderBytesPerSecond(): number {
    return SLOW_BYTES_PER_SECOND * 0.5 * this.#haste;
  }

  /** Lets a client of pkgstash download a file, and prints the result. */
  async fetch(
    name: string,
    file: CatalogueFile,
    { cache, end = "complete", ...options }: Expected,
  ): Promise<Receipt> {
    const receipt = await this.#client(name, this.app.url).get(file, options);
    const isGood = this.ledger.record(receipt, { cache, end });
    const wasAnnounced = options.onFirstByte !== undefined;
    if (!isGood) this.story.event(name, "WRONG", this.ledger.faults.at(-1)!);
    else if (receipt.end === "complete") {
      const word = wasAnnounced ? "done" : receipt.cache ?? "done";
      this.story.event(name, word, summary(receipt));
    }
    return receipt;
  }

  /** The same, and prints when the first byte has arrived. */
  async fetchAnnounced(name: string, file: CatalogueFile, expected: Expected) {
    const onFirstByte = ({ cache, firstByteMs }: Receipt) => {
      const details = `${file.label}, first byte after ${timeText(firstByteMs!)}`;
      this.story.event(name, cache ?? "?", details);
    };
    return await this.fetch(name, file, { ...expected, onFirstByte });
  }

  /** Lets a client request a file, expects nothing, and prints nothing. */
  async fetchQuietly(name: string, file: CatalogueFile): Promise<Receipt> {
    const receipt = await this.#client(name, this.app.url).get(file);
    this.ledger.receipts.push(receipt);
    return receipt;
  }

  /** Downloads a file from the slow mirror without pkgstash, for comparison. */
  async fetchDirectly(file: CatalogueFile): Promise<Receipt> {
    return await this.#client("direct", this.slow.url.replace(/\/$/, "")).get(file);
  }

  /** Waits for something, unless the demo is broken off. */
  until<T>(promise: Promise<T>): Promise<T> {
    return abortable(promise, this.#signal);
  }

  /** The mirrors' body bytes and requests, without those of `fetchDirectly`. */
  get upstream(): { slow: number; frail: number; bytes: number; requests: number } {
    const { direct } = this.ledger.firstBytes;
    const slow = this.slow.bytesSent - (direct?.bytes ?? 0);
    const frail = this.frail.bytesSent;
    const requests = this.slow.count() + this.frail.count() - (direct === undefined ? 0 : 1);
    return { slow, frail, bytes: slow + frail, requests };
  }

  /** The number of requests for a file, including those of `fetchDirectly`. */
  requestsFor({ path }: CatalogueFile): number {
    return this.slow.count(path) + this.frail.count(path);
  }

  /** Waits until everything that clients have received is in the cache. */
  async settle(): Promise<void> {
    await untilDownloadsEnd(this.app.url, this.#signal);
  }

  /** Changes one byte in the middle of a file in the cache. */
  async tamperWith({ path, bytes }: CatalogueFile): Promise<void> {
    const middle = Math.floor(bytes.length / 2);
    using file = await Deno.open(this.#cacheRoot + path, { write: true });
    await file.seek(middle, Deno.SeekMode.Start);
    await file.write(Uint8Array.of(bytes[middle]! ^ 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) client[Symbol.dispose]();
    await this.#resources.disposeAsync();
  }

  #client(name: string, url: string): Client {
    const client = this.#clients.get(name) ?? new Client(name, url, this.#signal);
    this.#clients.set(name, client);
    return client;
  }
}

function summary({ file, bytes, durationMs }: Receipt): string {
  const speed = `${bytesText(bytes).padStart(8)} in ${timeText(durationMs)}`;
  return `${file.label.padEnd(18)} ${speed.padEnd(20)} SHA-256 matches`;
}

function configuration(cacheRoot: string, mirrors: readonly FakeMirror[]): Config {
  const parsed = parseConfig({
    text: `
      cache_root = ${JSON.stringify(cacheRoot)}
      listen_address = "127.0.0.1"
      port = 0
      mirror_urls = ${JSON.stringify(mirrors.map(({ url }) => url))}
      mirrored_repos = ["core", "extra"]
      drain_timeout = "500ms"
    `,
    fileName: "the demo's configuration",
    getEnvironment: () => undefined,
    readSecretFile: () => ({ failure: "not used" }),
    workingDirectory: cacheRoot,
  });
  if (parsed.ok) return parsed.config;
  throw new Error(parsed.problems.map(formatProblem).join("\n"));
}
