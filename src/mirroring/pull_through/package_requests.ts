import { deadline } from "@std/async/deadline";
import { PkgstashError } from "../../errors.ts";
import { formatContentRange } from "../../formats/http/range.ts";
import type { Client } from "../../repositories/leases.ts";
import { keyOf, type PackageFile } from "../../repositories/repository.ts";
import type { HotFile } from "../../repositories/hot_file.ts";
import type { HotFiles } from "../../repositories/hot_files.ts";
import { sendFile } from "../../repositories/send_file.ts";
import type { Traffic } from "../../repositories/traffic.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { Quarantine } from "../cache/quarantine.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import type { ClientDownloads } from "../downloads/client_downloads.ts";
import type { Download } from "../downloads/download.ts";
import type { DownloadRequest } from "../downloads/download_request.ts";
import type { DownloadRegistry } from "../downloads/download_registry.ts";
import type { Room } from "../downloads/filling.ts";
import type { RefusedBeginnings } from "../downloads/refused_beginnings.ts";
import {
  isAway,
  isMissing,
  isNotFound,
  type MirrorFailure,
  NoMirrorError,
} from "../mirrors/race.ts";
import type { Upstreams } from "../mirrors/upstreams.ts";
import { headFromMirrors, headOf } from "./head_request.ts";
import type { MissingFiles } from "./missing_files.ts";
import { PastCache } from "./past_cache.ts";
import type { PackageSignatures } from "./package_signatures.ts";
import { answerBy, sendDownload } from "./send_download.ts";
import { unlessAbsent } from "./unless_absent.ts";

/** How long to remember a name that no database lists as missing. */
const UNKNOWN_NAME_MS = 10_000;
/** The share of the answer timeout in which the first database may arrive. */
const FIRST_DATABASE_SHARE = 1 / 2;

export interface PackageRequestsOptions {
  layout: CacheLayout;
  hot: HotFiles;
  quarantine: Pick<Quarantine, "makeWay">;
  downloads: DownloadRegistry;
  clients: ClientDownloads;
  missing: MissingFiles;
  signatures: PackageSignatures;
  refused: RefusedBeginnings;
  /** Makes room on the disk for the download of a key; null for no such check. */
  roomFor: ((key: string) => Room) | null;
  traffic: Traffic;
  upstreams: Pick<Upstreams, "get" | "hops">;
  /** What the served databases say about packages. */
  snapshots: ServedDatabases;
  /** Called for each file stored in the cache. */
  onFetched: (file: PackageFile, fetched: FetchedFile) => void;
  /** Time in which a client must get its first byte. */
  answerTimeoutMs: number;
}

export type ServedDatabases = Pick<
  Snapshots,
  | "checkBehind"
  | "current"
  | "doubt"
  | "epochOf"
  | "expectationOf"
  | "knownExpectationOf"
  | "runningRefresh"
>;

export interface FetchedFile {
  /** Bytes. */
  size: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** Whether no client had requested it when its download began. */
  prefetched: boolean;
}

/** A client's request for a package. */
interface PackageRequest {
  file: PackageFile;
  request: Request;
  client: Client;
  /** Deadline for the start of the answer, in milliseconds of the monotonic clock. */
  deadlineAt: number;
}

/** Answers requests for packages and their signatures: from the cache, or by a download. */
export class PackageRequests {
  readonly #options: PackageRequestsOptions;

  constructor(options: PackageRequestsOptions) {
    this.#options = options;
  }

  /**
   * Answers a plain request for a package or its signature from memory, like `respond`; null if it
   * cannot.
   */
  recall(hot: HotFile, file: PackageFile, request: Request): Response | null {
    const { signatures, snapshots } = this.#options;
    const { kind, repository, fileName } = file;
    if (kind === "package") {
      const expectedSize = snapshots.knownExpectationOf(repository, fileName)?.size ?? hot.size;
      if (expectedSize !== hot.size) return null;
    }
    const response = kind === "package"
      ? hot.respond(request)
      : signatures.recall(hot, file, request);
    if (response !== null) snapshots.checkBehind(repository);
    return response;
  }

  async respond(file: PackageFile, request: Request, client: Client): Promise<Response> {
    const { signatures, snapshots, answerTimeoutMs } = this.#options;
    // The common deadline of everything that one request waits for.
    const deadlineAt = performance.now() + answerTimeoutMs;
    try {
      const asked = { file, request, client, deadlineAt };
      if (file.kind === "package") return await this.#respond(asked);
      await this.#awaitFirstDatabase(asked);
      return await signatures.respond(file, request, deadlineAt);
    } finally {
      // After the answer: nobody waits for a database that is merely old.
      snapshots.checkBehind(file.repository);
    }
  }

  /**
   * Caches a package before a client requests it: joins the download in flight, or starts one that
   * awaits `pace` after each chunk.
   */
  prefetch(
    file: PackageFile,
    pace: NonNullable<DownloadRequest["pace"]>,
  ): { download: Download; started: boolean } {
    return this.#download(file, { pace });
  }

  /** Caches a signature. Throws `not_found` if there is none. */
  async prefetchSignature(file: PackageFile): Promise<void> {
    await this.#options.signatures.fetch(file);
  }

  async #respond(asked: PackageRequest): Promise<Response> {
    const { downloads, hot, layout, quarantine, snapshots } = this.#options;
    const { file, request } = asked;
    const refusal = await this.refuseResume(file, request);
    if (refusal !== null) return refusal;
    const path = layout.fileOf(file);
    const { repository: { directory }, fileName } = file;
    const expectedSize = snapshots.knownExpectationOf(file.repository, fileName)?.size ?? null;
    const hit = await hot.send(request, file, { path, fileName, status: "HIT", expectedSize });
    if (hit !== null) return hit;
    await quarantine.makeWay({ directory, fileName, expectedSize });
    const isInFlight = downloads.get(keyOf(file)) !== null;
    if (!isInFlight) {
      this.#throwIfMissing(file);
      await this.#awaitFirstDatabase(asked);
      if (request.method === "HEAD") return await this.#describe(asked);
    }
    return await this.#startOrJoin(asked);
  }

  /**
   * Answers 416 to a client that wants the rest of a file of which it may hold a wrong beginning:
   * pacman then drops that and starts over. Null if there is nothing to refuse.
   */
  async refuseResume(file: PackageFile, request: Request): Promise<Response | null> {
    const { refused, snapshots } = this.#options;
    const start = Number(/^bytes=(\d+)-/i.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    if (!refused.mayEndAt(keyOf(file), start)) return null;
    // An entity tag of ours tells to which file the beginning belongs.
    if (request.headers.get("if-range")?.startsWith('"')) return null;
    const { size = null } = await snapshots.expectationOf(file.repository, file.fileName) ?? {};
    const headers = new Headers(
      size === null ? {} : { "content-range": formatContentRange(null, size) },
    );
    return new Response(null, { status: 416, headers });
  }

  /** Answers from a download or, if the disk fails before anything is sent, bypassing the cache. */
  async #startOrJoin(asked: PackageRequest): Promise<Response> {
    const { file, request, client, deadlineAt } = asked;
    try {
      return await this.#respondFromDownload(asked);
    } catch (error) {
      if (!(error instanceof PkgstashError) || error.kind !== "storage") throw error;
      return await (await this.#pastCache(file, client)).respond(request, deadlineAt);
    }
  }

  async #respondFromDownload(asked: PackageRequest): Promise<Response> {
    const { layout, clients, answerTimeoutMs, traffic, upstreams } = this.#options;
    const { file, request, client, deadlineAt } = asked;
    const { fileName } = file;
    const { download, started } = this.#download(file, { deadlineAt, isAwaited: true });
    clients.addClient(download);
    const opened = started
      ? download.opened
      : unlessAbsent(download.opened, upstreams, { ...file, deadlineAt });
    const opening = await answerBy(deadlineAt, opened, { fileName, answerTimeoutMs });
    if (opening === null) {
      const path = layout.fileOf(file);
      const present = await sendFile(request, { path, fileName, status: "HIT" });
      if (present !== null) return present;
      throw new PkgstashError(
        "storage",
        `Cannot send ${fileName}: it has been removed in the meantime.`,
      );
    }
    const past = await this.#pastCache(file, client);
    const { directory } = file.repository;
    const delivery = { client: client.hostname, directory, isSaved: !started };
    return await sendDownload(request, download, opening, {
      fileName,
      status: started ? "MISS" : "JOIN",
      deadlineAt,
      continueTo: past.rest(opening.identity),
      onBytes: (count) => traffic.addBytesServed(count, delivery),
      follow: () => clients.addReader(download, client.hostname),
    });
  }

  async #pastCache(file: PackageFile, client: Client): Promise<PastCache> {
    const { upstreams, answerTimeoutMs, traffic, snapshots, refused } = this.#options;
    const { fileName, kind, repository } = file;
    return new PastCache({
      upstream: upstreams.get(repository.upstream),
      repository,
      fileName,
      kind,
      patienceMs: answerTimeoutMs,
      traffic,
      client: client.hostname,
      countedAs: repository.directory,
      expectation: await snapshots.expectationOf(repository, fileName),
      onRefused: (count) => {
        refused.add(keyOf(file), count);
        snapshots.doubt(repository, `${fileName} differs on a mirror`);
      },
    });
  }

  /** Answers a HEAD for an uncached file without fetching it. */
  async #describe({ file, request, deadlineAt }: PackageRequest): Promise<Response> {
    const { snapshots, upstreams } = this.#options;
    const { fileName, repository } = file;
    const { size = null } = await snapshots.expectationOf(repository, fileName) ?? {};
    if (size !== null) return headOf(request, fileName, { size, lastModified: null });
    const epoch = snapshots.epochOf(repository);
    const asked = { repository, fileName, request, deadlineAt };
    try {
      return await headFromMirrors(upstreams.get(repository.upstream), asked);
    } catch (error) {
      await this.#judgeFailure(file, error, epoch);
      throw error;
    }
  }

  /**
   * Waits for the first database of a repository if it is on its way: a package that it contradicts
   * must not be sent whole.
   */
  async #awaitFirstDatabase({ file, deadlineAt }: PackageRequest): Promise<void> {
    const { snapshots, answerTimeoutMs } = this.#options;
    const running = snapshots.runningRefresh(file.repository);
    if (running === null || await snapshots.current(file.repository) !== null) return;
    const limit = deadlineAt - performance.now() - answerTimeoutMs * (1 - FIRST_DATABASE_SHARE);
    // Without it, the package is verified at its end.
    await deadline(running.done, Math.max(0, limit)).catch(() => {});
  }

  #throwIfMissing(file: PackageFile): void {
    const { missing, snapshots } = this.#options;
    if (!missing.has(keyOf(file), snapshots.epochOf(file.repository))) return;
    throw new PkgstashError("not_found", `Cannot get ${file.fileName}: no mirror has it.`);
  }

  #download(file: PackageFile, more: Pick<DownloadRequest, "pace" | "deadlineAt" | "isAwaited">) {
    const { layout, downloads, traffic, upstreams, snapshots, signatures, answerTimeoutMs } =
      this.#options;
    const { refused, roomFor } = this.#options;
    const key = keyOf(file);
    const epoch = snapshots.epochOf(file.repository);
    const joined = downloads.join(key, upstreams.get(file.repository.upstream), () => ({
      repository: file.repository,
      fileName: file.fileName,
      kind: file.kind,
      patienceMs: answerTimeoutMs,
      partBase: layout.partOf(key),
      finalPath: layout.fileOf(file),
      expectations: snapshots,
      // Never the new package beside the signature of the old one.
      examine: (partPath) => signatures.makeWayFor(file, partPath),
      room: roomFor?.(key) ?? null,
      onFailure: (failure) => this.#judgeMirror(file, failure),
      onRefused: (count) => refused.add(key, count),
      onBytes: (count) => traffic.addBytesFetched(count, file.repository.directory),
      ...more,
    }));
    if (joined.started) {
      this.#recordOutcome(file, joined.download, { epoch, prefetched: "pace" in more });
    }
    return joined;
  }

  /**
   * Calls `onFetched` when the download has cached the file. A failure may be evidence against the
   * served database, or show that there is no such file.
   */
  #recordOutcome(
    file: PackageFile,
    download: Download,
    { epoch, prefetched }: { epoch: number; prefetched: boolean },
  ): void {
    const { onFetched } = this.#options;
    download.done.then((outcome) => {
      if (outcome.result !== "fetched") return;
      const { size, sha256 } = outcome;
      onFetched(file, { size, sha256, prefetched });
    }, (error) => this.#judgeFailure(file, error, epoch)).catch(() => {});
  }

  /** The mirror of the served database has moved on if it lacks a file of it or changed one. */
  #judgeMirror(file: PackageFile, failure: MirrorFailure): void {
    const { snapshots } = this.#options;
    const { fileName, repository } = file;
    if (snapshots.knownExpectationOf(repository, fileName) === null) return;
    const evidence = isMissing(failure)
      ? "is no longer on"
      : isContradiction(failure.error)
      ? "differs on"
      : null;
    if (evidence === null) return;
    snapshots.current(repository).then((current) => {
      if (current?.mirror !== failure.mirror.name) return;
      snapshots.doubt(repository, `${fileName} ${evidence} ${current.mirror}`);
    }).catch(() => {});
  }

  async #judgeFailure(file: PackageFile, error: unknown, epoch: number): Promise<void> {
    const { missing, snapshots } = this.#options;
    const { fileName, repository } = file;
    const evidence = evidenceIn(error);
    if (evidence === null || await snapshots.current(repository) === null) return;
    // The download was judged by a database that has been replaced meanwhile.
    if (snapshots.epochOf(repository) !== epoch) return;
    if (await snapshots.expectationOf(repository, fileName) !== null) {
      snapshots.doubt(repository, `${fileName} ${evidence}`);
    } else if (isNotFound(error) || isMissingWhereWell(error)) {
      missing.add(keyOf(file), epoch, UNKNOWN_NAME_MS);
    }
  }
}

/** Whether a mirror's bytes cannot be those of the database. */
function isContradiction(error: unknown): boolean {
  return error instanceof PkgstashError && error.kind === "content";
}

/** Whether the working mirrors lack a file, and the others have been away for a while. */
function isMissingWhereWell(error: unknown): boolean {
  return error instanceof NoMirrorError && error.failures.some(isMissing) &&
    error.failures.every((failure) =>
      isMissing(failure) || isAway(failure) && failure.mirror.health.failures > 1
    );
}

/** What a failed download says against the database that lists its file; null if nothing. */
function evidenceIn(error: unknown): string | null {
  if (!(error instanceof PkgstashError)) return null;
  if (error.kind === "not_found") return "is on no mirror";
  const errors = error instanceof NoMirrorError
    ? error.failures.map(({ error }) => error)
    : [error];
  if (errors.some(isContradiction)) return "differs on a mirror";
  const isLacking = error instanceof NoMirrorError && error.failures.some(isMissing);
  return isLacking ? "is not on every mirror" : null;
}
