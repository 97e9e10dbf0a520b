import type { CacheLayout } from "../cache/cache_layout.ts";
import { keyOf, type PackageFile } from "../../repositories/repository.ts";
import type { Download, DownloadOpening, DownloadRequest } from "../downloads/download.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import type { ClientDownloads } from "../downloads/client_downloads.ts";
import type { DownloadRegistry } from "../downloads/download_registry.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { PkgstashError } from "../../errors.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import type { ByteRange } from "../../formats/http/range.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import { within } from "./deadline.ts";
import { openDirectRange } from "../downloads/direct_range.ts";
import { sendDownload } from "./send_download.ts";
import { sendFile } from "../../repositories/send_file.ts";

export interface PackageRequestsOptions {
  layout: CacheLayout;
  downloads: DownloadRegistry;
  /** Told which downloads clients wait for. */
  clients?: ClientDownloads;
  missing: MissingSignatures;
  metrics: Metrics;
  accessOf: (file: PackageFile) => Upstream;
  /** What the served database says of a file, or null. */
  expectationOf: (file: PackageFile) => Promise<Expectation | null>;
  /** The signature that the served database carries for a package file, or null. */
  embeddedSignatureOf: (file: PackageFile) => Promise<Uint8Array | null>;
  /** Told of each file that was put into the cache; `prefetched` if nobody had asked for it. */
  onFetched: (file: PackageFile, fetched: FetchedFile) => void;
  /** Milliseconds within which a client must get its first byte. */
  answerTimeoutMs: number;
}

export interface FetchedFile {
  size: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  prefetched: boolean;
}

/** Answers requests for packages and their signatures: hit, or join, or start. */
export class PackageRequests {
  constructor(private readonly options: PackageRequestsOptions) {}

  async respond(file: PackageFile, request: Request): Promise<Response> {
    const path = this.options.layout.fileOf(file);
    const hit = await sendFile(request, path, file.fileName, "HIT");
    if (hit !== null) return hit;
    try {
      return await this.#pull(file, request);
    } catch (error) {
      if (file.kind !== "signature") throw error;
      if (isMissing(error)) this.options.missing.add(keyOf(file));
      const embedded = await this.#embedded(file, request);
      if (embedded === null) throw error;
      return embedded;
    }
  }

  /**
   * Brings a file into the cache before anyone asks: joins the download in flight, or starts one
   * that awaits `pace` after each chunk.
   */
  prefetch(
    file: PackageFile,
    pace: NonNullable<DownloadRequest["pace"]>,
  ): { download: Download; started: boolean } {
    const joined = this.#download(file, { pace });
    joined.download.opened.catch((error) => {
      if (file.kind === "signature" && isMissing(error)) this.options.missing.add(keyOf(file));
    });
    return joined;
  }

  async #pull(file: PackageFile, request: Request): Promise<Response> {
    const { layout, answerTimeoutMs, metrics } = this.options;
    const { fileName } = file;
    const { download, started } = this.#download(file);
    this.options.clients?.addClient(download);
    const opening = await within(download.opened, answerTimeoutMs, fileName);
    if (opening === null) {
      const present = await sendFile(request, layout.fileOf(file), fileName, "HIT");
      if (present !== null) return present;
      throw new PkgstashError("storage", `${fileName} vanished while it was being sent`);
    }
    return await sendDownload(request, download, opening, {
      fileName,
      status: started ? "MISS" : "JOIN",
      answerTimeoutMs,
      direct: (range, opening) => this.#direct(file, range, opening),
      onBytes: (count) => metrics.bytesServed(count),
    });
  }

  /** Puts the signature that the database carries into the cache, and sends it. */
  async #embedded(file: PackageFile, request: Request): Promise<Response | null> {
    const signature = await this.options.embeddedSignatureOf(file);
    if (signature === null) return null;
    const path = this.options.layout.fileOf(file);
    await writeFileDurably(path, signature);
    // No mirror has dated it, and a date of ours would mislead.
    await Deno.utime(path, 0, 0);
    return await sendFile(request, path, file.fileName, "HIT");
  }

  #download(file: PackageFile, prefetch?: Pick<DownloadRequest, "pace">) {
    const { layout, downloads, missing, metrics, accessOf, expectationOf, answerTimeoutMs } =
      this.options;
    const key = keyOf(file);
    if (downloads.get(key) === null && missing.has(key)) throw notThere(file);
    const joined = downloads.join(key, accessOf(file), () => ({
      repository: file.repository,
      fileName: file.fileName,
      kind: file.kind,
      ifModifiedSince: null,
      patienceMs: answerTimeoutMs,
      partBase: layout.partOf(key),
      finalPath: layout.fileOf(file),
      expectations: { expectationOf: () => expectationOf(file) },
      onBytes: (count) => metrics.bytesFetched(count),
      ...prefetch,
    }));
    if (joined.started) this.#announce(file, joined.download, prefetch !== undefined);
    return joined;
  }

  #announce(file: PackageFile, download: Download, prefetched: boolean): void {
    download.done.then((outcome) => {
      if (outcome.result !== "fetched") return;
      const { size, sha256 } = outcome;
      // A package that was rebuilt under its name may be signed where the old one was not.
      if (file.kind === "package") this.options.missing.forget(`${keyOf(file)}.sig`);
      this.options.onFetched(file, { size, sha256, prefetched });
    }, () => {});
  }

  async #direct(file: PackageFile, range: ByteRange, { identity }: DownloadOpening) {
    const { accessOf, answerTimeoutMs, metrics } = this.options;
    return await openDirectRange(accessOf(file), {
      repository: file.repository,
      fileName: file.fileName,
      kind: file.kind,
      expectedSize: identity.size,
      offset: range.start,
      last: range.end,
      identity,
      patienceMs: answerTimeoutMs,
    }, (count) => {
      metrics.bytesFetched(count);
      metrics.bytesServed(count);
    });
  }
}

/** More than any mirror's worth of requests at once; the oldest go first. */
const MOST = 10_000;

/** Signatures that no mirror has, remembered for a while so that asking again costs nothing. */
export class MissingSignatures {
  readonly #until = new Map<string, number>();

  /** `age` in milliseconds; `now` gives the milliseconds of a clock that only goes forward. */
  constructor(
    private readonly age: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(key: string): void {
    this.#until.delete(key);
    this.#until.set(key, this.now() + this.age);
    if (this.#until.size > MOST) this.#until.delete(this.#until.keys().next().value!);
  }

  /** Drops what is remembered of a signature, for it may have come by now. */
  forget(key: string): void {
    this.#until.delete(key);
  }

  has(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until > this.now()) return true;
    this.#until.delete(key);
    return false;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof PkgstashError && error.kind === "not_found";
}

function notThere(file: PackageFile): PkgstashError {
  return new PkgstashError("not_found", `No mirror has ${file.fileName}`);
}
