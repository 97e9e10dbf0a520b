import { PkgstashError } from "../../errors.ts";
import type { ByteRange } from "../../formats/http/range.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import { keyOf, type PackageFile } from "../../repositories/repository.ts";
import { sendFile } from "../../repositories/send_file.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import type { ClientDownloads } from "../downloads/client_downloads.ts";
import { type DirectRange, openDirectRange } from "../downloads/direct_range.ts";
import type { Download, DownloadOpening, DownloadRequest } from "../downloads/download.ts";
import type { DownloadRegistry } from "../downloads/download_registry.ts";
import { isNotFound } from "../mirrors/race.ts";
import type { Upstreams } from "../mirrors/upstreams.ts";
import { answerInTime, sendDownload } from "./send_download.ts";

/** Above any number of requests at once. */
const MAX_MISSING_SIGNATURES = 10_000;

export interface PackageRequestsOptions {
  layout: CacheLayout;
  downloads: DownloadRegistry;
  clients: ClientDownloads;
  missing: MissingSignatures;
  metrics: Metrics;
  upstreams: Pick<Upstreams, "get">;
  /** What the served databases say of packages. */
  snapshots: Pick<Snapshots, "expectationOf" | "embeddedSignatureOf">;
  /** Called for each file that was put into the cache. */
  onFetched: (file: PackageFile, fetched: FetchedFile) => void;
  /** Time within which a client must get its first byte. */
  answerTimeoutMs: number;
}

export interface FetchedFile {
  /** Bytes. */
  size: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** Whether no client had asked for it when its download began. */
  prefetched: boolean;
}

/** Answers requests for packages and their signatures: from the cache, or by a download. */
export class PackageRequests {
  readonly #options: PackageRequestsOptions;

  constructor(options: PackageRequestsOptions) {
    this.#options = options;
  }

  async respond(file: PackageFile, request: Request): Promise<Response> {
    const path = this.#options.layout.fileOf(file);
    const hit = await sendFile(request, { path, fileName: file.fileName, status: "HIT" });
    if (hit !== null) return hit;
    try {
      return await this.#startOrJoin(file, request);
    } catch (error) {
      if (file.kind !== "signature") throw error;
      const embedded = await this.#sendEmbedded(file, request);
      if (embedded === null) throw error;
      return embedded;
    }
  }

  /**
   * Brings a file into the cache before a client asks: joins the download in flight, or starts one
   * that awaits `pace` after each chunk.
   */
  prefetch(
    file: PackageFile,
    pace: NonNullable<DownloadRequest["pace"]>,
  ): { download: Download; started: boolean } {
    return this.#download(file, { pace });
  }

  async #startOrJoin(file: PackageFile, request: Request): Promise<Response> {
    const { layout, clients, answerTimeoutMs, metrics } = this.#options;
    const { fileName } = file;
    const { download, started } = this.#download(file);
    clients.addClient(download);
    const opening = await answerInTime(download.opened, answerTimeoutMs, fileName);
    if (opening === null) {
      const path = layout.fileOf(file);
      const present = await sendFile(request, { path, fileName, status: "HIT" });
      if (present !== null) return present;
      throw new PkgstashError("storage", `Cannot send ${fileName}: it was removed meanwhile.`);
    }
    return await sendDownload(request, download, opening, {
      fileName,
      status: started ? "MISS" : "JOIN",
      answerTimeoutMs,
      openDirect: (range, opening) => this.#openDirect(file, range, opening),
      onBytes: (count) => metrics.addBytesServed(count),
    });
  }

  /** Puts the signature that is embedded in the database into the cache, and sends it. */
  async #sendEmbedded(file: PackageFile, request: Request): Promise<Response | null> {
    const { layout, snapshots } = this.#options;
    const { fileName, repository } = file;
    const packageName = fileName.replace(/\.sig$/, "");
    const signature = await snapshots.embeddedSignatureOf(repository, packageName);
    if (signature === null) return null;
    const path = layout.fileOf(file);
    await writeFileDurably(path, signature);
    // No mirror has dated it, and a date of ours would mislead.
    await Deno.utime(path, 0, 0);
    return await sendFile(request, { path, fileName, status: "HIT" });
  }

  #download(file: PackageFile, prefetch?: Pick<DownloadRequest, "pace">) {
    const { layout, downloads, missing, metrics, upstreams, snapshots, answerTimeoutMs } =
      this.#options;
    const key = keyOf(file);
    if (downloads.get(key) === null && missing.has(key)) {
      throw new PkgstashError("not_found", `Cannot get ${file.fileName}: no mirror has it.`);
    }
    const joined = downloads.join(key, upstreams.get(file.repository.upstream), () => ({
      repository: file.repository,
      fileName: file.fileName,
      kind: file.kind,
      ifModifiedSince: null,
      patienceMs: answerTimeoutMs,
      partBase: layout.partOf(key),
      finalPath: layout.fileOf(file),
      expectations: snapshots,
      onBytes: (count) => metrics.addBytesFetched(count),
      ...prefetch,
    }));
    if (joined.started) this.#recordOutcome(file, joined.download, prefetch !== undefined);
    return joined;
  }

  /**
   * Calls `onFetched` when the download has put the file into the cache. Remembers a signature as
   * missing if the mirrors say so, and only then: a client that asks often must not prolong that.
   */
  #recordOutcome(file: PackageFile, download: Download, prefetched: boolean): void {
    const { missing, onFetched } = this.#options;
    download.done.then((outcome) => {
      if (outcome.result !== "fetched") return;
      const { size, sha256 } = outcome;
      // A package that was rebuilt under its name may be signed where the old one was not.
      if (file.kind === "package") missing.forget(`${keyOf(file)}.sig`);
      onFetched(file, { size, sha256, prefetched });
    }, (error) => {
      if (file.kind === "signature" && isNotFound(error)) missing.add(keyOf(file));
    });
  }

  async #openDirect(
    file: PackageFile,
    range: ByteRange,
    { identity }: DownloadOpening,
  ): Promise<DirectRange> {
    const { upstreams, answerTimeoutMs, metrics } = this.#options;
    return await openDirectRange(upstreams.get(file.repository.upstream), {
      repository: file.repository,
      fileName: file.fileName,
      kind: file.kind,
      expectedSize: identity.size,
      offset: range.start,
      last: range.end,
      identity,
      patienceMs: answerTimeoutMs,
    }, (count) => {
      metrics.addBytesFetched(count);
      metrics.addBytesServed(count);
    });
  }
}

/** Signatures that no mirror has, remembered for a while so that asking again costs nothing. */
export class MissingSignatures {
  readonly #ageMs: number;
  readonly #now: () => number;
  readonly #until = new Map<string, number>();

  /** Each is remembered for `ageMs`; `now` returns the milliseconds of a monotonic clock. */
  constructor(ageMs: number, now: () => number = () => performance.now()) {
    this.#ageMs = ageMs;
    this.#now = now;
  }

  /** Remembers a signature by its key, and forgets the oldest if there are too many. */
  add(key: string): void {
    this.#until.delete(key);
    this.#until.set(key, this.#now() + this.#ageMs);
    const [oldest] = this.#until.keys();
    if (this.#until.size > MAX_MISSING_SIGNATURES && oldest !== undefined) {
      this.#until.delete(oldest);
    }
  }

  /** Forgets a signature, because there may be one by now. */
  forget(key: string): void {
    this.#until.delete(key);
  }

  has(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#until.delete(key);
    return false;
  }
}
