import { App } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { type Behaviour, FakeMirror } from "../support/fake_mirror.ts";
import {
  type Catalogue,
  generateCatalogue,
  offer,
  type OriginalFile,
  packagesOf,
} from "./catalogue.ts";
import { Client, type Receipt, type RequestOptions } from "./client.ts";
import { Ledger } from "./ledger.ts";
import { bytesText, timeText } from "./quantities.ts";
import type { Story } from "./story.ts";

/** Milliseconds until the slow mirror begins an answer. */
const LATENCY = 150;
/** Bytes a second. */
const SLOW = 3_000_000;
const FRAIL = 4_500_000;

/** What a client is to get, and how it behaves. */
export interface Expected extends RequestOptions {
  cache: string;
  end?: Receipt["end"];
}

/** Two mirrors, pkgstash before them, and as many clients as a scene wants. */
export class Stage implements AsyncDisposable {
  readonly ledger = new Ledger();
  readonly #clients = new Map<string, Client>();

  private constructor(
    readonly slow: FakeMirror,
    readonly frail: FakeMirror,
    readonly app: App,
    readonly catalogue: Catalogue,
    readonly story: Story,
    readonly signal: AbortSignal,
    private readonly haste: number,
    private readonly cacheRoot: string,
    private readonly cleanup: AsyncDisposableStack,
  ) {}

  /** Everything goes `haste` times as fast as it is meant to be watched. */
  static async set(story: Story, signal: AbortSignal, haste: number): Promise<Stage> {
    await using cleanup = new AsyncDisposableStack();
    const catalogue = await generateCatalogue();
    const slow = cleanup.use(await FakeMirror.start());
    const frail = cleanup.use(await FakeMirror.start());
    // Each mirror has another database first, so it is known whom pkgstash asks for its packages.
    offer(slow, [catalogue.core, ...packagesOf(catalogue)]);
    offer(frail, [catalogue.extra, ...packagesOf(catalogue)]);
    const cacheRoot = await Deno.makeTempDir({ dir: "/tmp", prefix: "pkgstash-demo-" });
    cleanup.defer(() => Deno.remove(cacheRoot, { recursive: true }));
    const app = cleanup.use(await App.start(configuration(cacheRoot, [slow, frail])));
    const stage = new Stage(
      slow,
      frail,
      app,
      catalogue,
      story,
      signal,
      haste,
      cacheRoot,
      cleanup.move(),
    );
    for (const mirror of [slow, frail]) mirror.behave("*", stage.mannersOf(mirror));
    return stage;
  }

  /** The actors, for the beginning. */
  introduce(): void {
    const { slow, frail, app, story } = this;
    const host = (url: string) => new URL(url).host.padEnd(18);
    const speed = (bytesPerSecond: number) => `${bytesText(bytesPerSecond)}/s`;
    story.line(
      `  slow mirror   ${host(slow.url)}${speed(SLOW)}, and ${LATENCY} ms before it says a word`,
    );
    story.line(`  frail mirror  ${host(frail.url)}${speed(FRAIL)}, as long as it lives`);
    story.line(`  pkgstash      ${host(app.url)}in front of both, cache in ${this.cacheRoot}`);
  }

  /** How a mirror answers unless it is told otherwise. */
  mannersOf(mirror: FakeMirror): Behaviour[] {
    const bytesPerSecond = (mirror === this.slow ? SLOW : FRAIL) * this.haste;
    const stepMilliseconds = Math.max(1, Math.round(12 / this.haste));
    const pace: Behaviour = { kind: "slow", bytesPerSecond, stepMilliseconds };
    if (mirror === this.frail) return [pace];
    return [{ kind: "hangBeforeHeaders", milliseconds: LATENCY }, pace];
  }

  nameOf(mirror: FakeMirror): string {
    return mirror === this.slow ? "slow mirror" : "frail mirror";
  }

  /** Waits until a mirror is asked for the file, or `otherwise` is over; the mirror and the rest. */
  async asked(
    { path }: OriginalFile,
    otherwise: Promise<unknown>,
  ): Promise<[FakeMirror, FakeMirror]> {
    const { slow, frail } = this;
    await this.until(
      Promise.race([slow.waitForRequest(path), frail.waitForRequest(path), otherwise]),
    );
    return frail.count(path) > 0 ? [frail, slow] : [slow, frail];
  }

  /** A reader's speed in bytes a second that is well below a mirror's. */
  get idleSpeed(): number {
    return SLOW * 0.5 * this.haste;
  }

  /** Lets a client of pkgstash download a file, and tells of it at its end. */
  async fetch(
    name: string,
    file: OriginalFile,
    { cache, end = "complete", ...options }: Expected,
  ): Promise<Receipt> {
    const receipt = await this.#client(name, this.app.url).get(file, options);
    const isGood = this.ledger.receive(receipt, { cache, end });
    const told = options.onFirstByte !== undefined;
    const word = !isGood ? "WRONG" : told || receipt.cache === null ? "done" : receipt.cache;
    if (isGood && receipt.end !== "complete") return receipt;
    this.story.tell(name, word, isGood ? summary(receipt) : this.ledger.faults.at(-1)!);
    return receipt;
  }

  /** As `fetch`, and tells of the first byte as well. */
  async follow(name: string, file: OriginalFile, expected: Expected) {
    const onFirstByte = ({ cache, firstByteAfter }: Receipt) => {
      const details = `${file.label}, first byte after ${timeText(firstByteAfter!)}`;
      this.story.tell(name, cache ?? "?", details);
    };
    return await this.fetch(name, file, { ...expected, onFirstByte });
  }

  /** Lets a client ask for a file of which it must not get the whole. */
  async fetchFalse(name: string, file: OriginalFile): Promise<Receipt> {
    const receipt = await this.#client(name, this.app.url).get(file);
    this.ledger.receipts.push(receipt);
    return receipt;
  }

  /** A download from the slow mirror without pkgstash, to compare with. */
  async fetchDirectly(file: OriginalFile): Promise<Receipt> {
    return await this.#client("direct", this.slow.url.replace(/\/$/, "")).get(file);
  }

  /** The promise's value, unless the demo is broken off before. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    try {
      return await Promise.race([promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Body bytes and requests that both mirrors have seen so far, the comparison's left out. */
  get upstream(): { slow: number; frail: number; bytes: number; requests: number } {
    const { direct } = this.ledger.firstBytes;
    const slow = this.slow.bytesSent - (direct?.bytes ?? 0);
    const frail = this.frail.bytesSent;
    const requests = this.slow.count() + this.frail.count() - (direct === undefined ? 0 : 1);
    return { slow, frail, bytes: slow + frail, requests };
  }

  /** Requests that the mirrors got for a file, the comparison's included. */
  requestsFor({ path }: OriginalFile): number {
    return this.slow.count(path) + this.frail.count(path);
  }

  /** Waits until what clients have received is in its place in the cache. */
  async settle(): Promise<void> {
    while (!this.signal.aborted) {
      const response = await fetch(`${this.app.url}/metrics`, { signal: this.signal });
      if (/^pkgstash_downloads_in_flight 0$/m.test(await response.text())) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Changes one byte in the middle of a file in the cache. */
  async tamperWith({ path, bytes }: OriginalFile): Promise<void> {
    const middle = Math.floor(bytes.length / 2);
    using file = await Deno.open(this.cacheRoot + path, { write: true });
    await file.seek(middle, Deno.SeekMode.Start);
    await file.write(Uint8Array.of(bytes[middle]! ^ 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) client[Symbol.dispose]();
    await this.cleanup.disposeAsync();
  }

  #client(name: string, url: string): Client {
    const client = this.#clients.get(name) ?? new Client(name, url, this.signal);
    this.#clients.set(name, client);
    return client;
  }
}

function summary({ file, bytes, duration }: Receipt): string {
  const speed = `${bytesText(bytes).padStart(8)} in ${timeText(duration)}`;
  return `${file.label.padEnd(18)} ${speed.padEnd(20)} SHA-256 right`;
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
    readEnvFile: () => ({ failure: "not used" }),
    workingDirectory: cacheRoot,
  });
  if (parsed.ok) return parsed.config;
  throw new Error(parsed.problems.map(formatProblem).join("\n"));
}
