import { PkgstashError } from "../../errors.ts";
import { insistsOnOrigin, type Storability, storabilityOf } from "../../formats/http/freshness.ts";
import type { Client } from "../../repositories/leases.ts";
import { dateOf } from "../../repositories/database_date.ts";
import { EXTRA_FILES, type ExtraFile } from "../../repositories/extra_file.ts";
import { keyOf } from "../../repositories/repository.ts";
import { type CacheStatus, sendFile } from "../../repositories/send_file.ts";
import type { Traffic } from "../../repositories/traffic.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { ExtraRecord, ExtraStore } from "../cache/extra_store.ts";
import type { ClientDownloads } from "../downloads/client_downloads.ts";
import type { Download } from "../downloads/download.ts";
import type { DownloadRegistry } from "../downloads/download_registry.ts";
import type { FileIdentity } from "../downloads/file_identity.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { isNotFound } from "../mirrors/race.ts";
import type { Upstreams } from "../mirrors/upstreams.ts";
import { headFromMirrors } from "./head_request.ts";
import { MissingFiles } from "./missing_files.ts";
import { PastCache } from "./past_cache.ts";
import { answerBy, sendDownload } from "./send_download.ts";
import { unlessAbsent } from "./unless_absent.ts";

/** The headers of a mirror that are kept: those on which RFC 9111 depends, and validators. */
const KEPT_HEADERS = [
  "age",
  "cache-control",
  "date",
  "etag",
  "expires",
  "last-modified",
  "pragma",
  "vary",
];
/** Headers about the time of the response; those of an older response must not survive it. */
const DATED_HEADERS = ["age", "date"];
/** Headers that identify the bytes, which another mirror describes in its own way. */
const VALIDATORS = ["etag", "last-modified"];

/** The share of the answer timeout in which mirrors may confirm a file that can be sent stale. */
const REVALIDATION_SHARE = 1 / 3;
/** How long a file that no mirror has is not requested again. */
const MISSING_MS = 5_000;
/** Extra paths have no database whose epochs would forget missing files. */
const EPOCH = 0;

export interface ExtraRequestsOptions {
  layout: CacheLayout;
  store: ExtraStore;
  downloads: DownloadRegistry;
  clients: ClientDownloads;
  traffic: Traffic;
  upstreams: Pick<Upstreams, "get" | "hops">;
  /** Called after each file stored in the cache. */
  onStored: () => Promise<void>;
  /** Called with work that continues after the answer: it must end before the daemon does. */
  onWork: (work: Promise<void>) => void;
  /** Time in which a client must get its first byte; called on each use. */
  answerTimeoutMs: () => number;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** A client's request for a file of `extra_paths`. */
interface ExtraRequest {
  file: ExtraFile;
  request: Request;
  client: Client;
  answerTimeoutMs: number;
  /** Deadline for the start of the answer, in milliseconds of the monotonic clock. */
  deadlineAt: number;
}

/** The parts of a mirror's answer that concern the cache. */
interface Answer {
  headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  receivedAt: number;
}

/** A download, and the recording of its outcome. */
interface Fetch {
  download: Download;
  /** The latest answer of each mirror, by name. */
  answers: ReadonlyMap<string, Answer>;
  /** Resolves when the store has been updated. */
  recorded: Promise<void>;
}

/** A download, and what was on record when it began. */
type Outcome = Pick<Fetch, "download" | "answers"> & { stored: ExtraRecord | null };

/**
 * Answers requests for files outside the repositories, of which nothing is known: they are cached
 * according to HTTP (RFC 9111), and not verified.
 */
export class ExtraRequests {
  readonly #options: ExtraRequestsOptions;
  readonly #fetches = new WeakMap<Download, Fetch>();
  /** Finished downloads whose outcome is being recorded, by key. */
  readonly #recording = new Map<string, Promise<void>>();
  readonly #missing = new MissingFiles();

  constructor(options: ExtraRequestsOptions) {
    this.#options = options;
  }

  async respond(file: ExtraFile, request: Request, client: Client): Promise<Response> {
    const { store } = this.#options;
    const answerTimeoutMs = this.#options.answerTimeoutMs();
    const deadlineAt = performance.now() + answerTimeoutMs;
    await this.#recording.get(keyOf(file))?.catch(() => {});
    const stored = await store.read(file);
    const isFresh = stored !== null && judge(stored).freshUntil > this.#now();
    if (isFresh && !insistsOnOrigin(request.headers)) {
      const hit = await this.#send(file, stored, { request, status: "HIT" });
      if (hit !== null) return hit;
    }
    const usable = stored !== null && judge(stored).mayStore ? stored : null;
    try {
      return await this.#ask({ file, request, client, answerTimeoutMs, deadlineAt }, usable);
    } catch (error) {
      if (usable === null || isNotFound(error) || !judge(usable).mayServeStale) throw error;
      const stale = await this.#send(file, usable, { request, status: "STALE" });
      if (stale === null) throw error;
      return stale;
    }
  }

  async #ask(asked: ExtraRequest, stored: ExtraRecord | null): Promise<Response> {
    const { downloads, upstreams } = this.#options;
    const { file, request } = asked;
    const key = keyOf(file);
    const isInFlight = downloads.get(key) !== null;
    if (!isInFlight && this.#missing.has(key, EPOCH)) {
      throw new PkgstashError("not_found", `Cannot get ${file.fileName}: no mirror has it.`);
    }
    if (request.method !== "HEAD" || isInFlight) return await this.#fetch(asked, stored);
    return await headFromMirrors(upstreams.get(file.repository.upstream), { ...file, ...asked });
  }

  /** Answers from a download or, if the disk fails before anything is sent, bypassing the cache. */
  async #fetch(asked: ExtraRequest, stored: ExtraRecord | null): Promise<Response> {
    const { file, request, client, deadlineAt } = asked;
    try {
      return await this.#respondFromDownload(asked, stored);
    } catch (error) {
      if (!(error instanceof PkgstashError) || error.kind !== "storage") throw error;
      return await this.#pastCache(file, client).respond(request, deadlineAt);
    }
  }

  async #respondFromDownload(
    asked: ExtraRequest,
    stored: ExtraRecord | null,
  ): Promise<Response> {
    const { clients, traffic, store, upstreams } = this.#options;
    const { file, request, client, answerTimeoutMs, deadlineAt } = asked;
    const { fileName } = file;
    const { fetch: { download, answers, recorded }, started } = this.#startOrJoin(asked, stored);
    clients.addClient(download);
    const limits = { fileName, answerTimeoutMs };
    const mayServeStale = stored !== null && judge(stored).mayServeStale;
    const patienceMs = answerTimeoutMs * (mayServeStale ? REVALIDATION_SHARE : 1);
    const askedUntil = Math.min(deadlineAt, performance.now() + patienceMs);
    const opened = started || stored !== null
      ? download.opened
      : unlessAbsent(download.opened, upstreams, { ...file, deadlineAt });
    const opening = await answerBy(askedUntil, opened, limits);
    if (opening === null) {
      await answerBy(deadlineAt, recorded, limits);
      const confirmed = await store.read(file);
      const response = confirmed === null
        ? null
        : await this.#send(file, confirmed, { request, status: "REVALIDATED" });
      if (response !== null) return response;
      throw new PkgstashError(
        "storage",
        `Cannot send ${fileName}: it has been removed in the meantime.`,
      );
    }
    const delivery = { client: client.hostname, directory: EXTRA_FILES, isSaved: !started };
    const response = await sendDownload(request, download, opening, {
      fileName,
      status: started ? "MISS" : "JOIN",
      deadlineAt,
      continueTo: this.#pastCache(file, client).rest(opening.identity),
      onBytes: (count) => traffic.addBytesServed(count, delivery),
      follow: () => clients.addReader(download, client.hostname),
    });
    const answer = answers.get(opening.identity.mirror);
    if (answer !== undefined) this.#passOn(answer, response.headers);
    return response;
  }

  #startOrJoin(
    { file, answerTimeoutMs, deadlineAt }: ExtraRequest,
    stored: ExtraRecord | null,
  ): { fetch: Fetch; started: boolean } {
    const { downloads, layout, traffic, onWork, store, upstreams } = this.#options;
    const { repository, fileName } = file;
    const key = keyOf(file);
    const answers = new Map<string, Answer>();
    const { download, started } = downloads.join(key, upstreams.get(repository.upstream), () => ({
      repository,
      fileName,
      kind: "file",
      ...(stored === null
        ? {}
        : { conditionsFor: (mirror) => conditionsFor(stored, mirror, this.#now()) }),
      vet: (mirror, headers) =>
        answers.set(mirror.name, { headers: keptOf(headers), receivedAt: this.#now() }),
      patienceMs: answerTimeoutMs,
      deadlineAt,
      partBase: layout.partOf(key),
      finalPath: store.newPath(file),
      expectations: null,
      onBytes: (count) => traffic.addBytesFetched(count, EXTRA_FILES),
    }));
    const running = this.#fetches.get(download);
    if (running !== undefined) return { fetch: running, started: false };
    const recorded = this.#record(file, { download, answers, stored });
    recorded.catch(() => {});
    onWork(recorded);
    const fetch = { download, answers, recorded };
    this.#fetches.set(download, fetch);
    return { fetch, started };
  }

  /** Updates the store with the outcome of a download. */
  async #record(file: ExtraFile, fetch: Outcome): Promise<void> {
    const key = keyOf(file);
    // The registry forgets a download in the same turn, so no request comes in between.
    await fetch.download.done.catch(() => {});
    const recording = this.#store(file, fetch);
    this.#recording.set(key, recording);
    await recording.finally(() => this.#recording.delete(key));
  }

  async #store(file: ExtraFile, { download, answers, stored }: Outcome): Promise<void> {
    const { onStored, onWork, store } = this.#options;
    const now = this.#now();
    try {
      const outcome = await download.done;
      if (outcome.result === "fetched") {
        const { identity, size } = outcome;
        // Only the identity remains of a file that an earlier run began.
        const { headers, receivedAt } = answers.get(identity.mirror) ??
          { headers: validatorsOf(identity), receivedAt: now };
        await store.replace(file, download.request.finalPath, {
          size,
          mirror: identity.mirror,
          headers,
          receivedAt,
          fetchedAt: now,
          usedAt: now,
        });
        onWork(onStored());
      } else if (outcome.result === "unchanged" && stored !== null) {
        const answer = answers.get(outcome.mirror.name);
        if (answer !== undefined) await store.confirm(file, stored, refreshed(stored, answer));
      }
    } catch (error) {
      // Clients learn of a failure themselves.
      if (!(error instanceof PkgstashError)) throw error;
      if (!isNotFound(error)) return;
      this.#missing.add(keyOf(file), EPOCH, MISSING_MS);
      await store.remove(file);
    }
  }

  /** Sends a stored file; null if it is gone. */
  async #send(
    file: ExtraFile,
    record: ExtraRecord,
    { request, status }: { request: Request; status: CacheStatus },
  ): Promise<Response | null> {
    const { onWork, store } = this.#options;
    const path = store.pathOf(file, record);
    const response = await sendFile(request, { path, fileName: file.fileName, status });
    if (response === null) return null;
    this.#passOn(record, response.headers);
    if (request.method === "GET") onWork(store.recordUse(file, record, this.#now()));
    return response;
  }

  /** Tells the client's cache what ours was told, and how old that is. */
  #passOn({ headers, receivedAt }: Answer, to: Headers): void {
    for (const name of ["cache-control", "expires"]) {
      const value = headers[name];
      if (value !== undefined) to.set(name, value);
    }
    const before = /^\d+$/.test(headers["age"] ?? "") ? Number(headers["age"]) : 0;
    const seconds = Math.max(0, Math.floor((this.#now() - receivedAt) / 1000));
    to.set("age", String(before + seconds));
  }

  #pastCache({ repository, fileName }: ExtraFile, client: Client): PastCache {
    const { upstreams, answerTimeoutMs, traffic } = this.#options;
    return new PastCache({
      upstream: upstreams.get(repository.upstream),
      repository,
      fileName,
      kind: "file",
      patienceMs: answerTimeoutMs(),
      traffic,
      client: client.hostname,
      countedAs: EXTRA_FILES,
      expectation: null,
      onRefused: () => {},
    });
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}

function judge({ headers, receivedAt }: ExtraRecord): Storability {
  return storabilityOf(new Headers(headers), receivedAt);
}

/**
 * An entity tag means nothing to another mirror; a date does, and only moves forward. With a date
 * in the future, every mirror would forever report that nothing has changed.
 */
function conditionsFor({ headers, mirror: from }: ExtraRecord, mirror: Mirror, now: number) {
  const { etag, "last-modified": lastModified } = headers;
  return {
    ...(etag !== undefined && mirror.name === from ? { "if-none-match": etag } : {}),
    ...(lastModified !== undefined && dateOf(lastModified, now) !== null
      ? { "if-modified-since": lastModified }
      : {}),
  };
}

function keptOf(headers: Headers): Record<string, string> {
  return Object.fromEntries(KEPT_HEADERS.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  }));
}

/** Applies a 304 to the headers on record (RFC 9111, section 4.3.4). */
function refreshed(stored: ExtraRecord, { headers, receivedAt }: Answer): Answer {
  const lasting = Object.entries(stored.headers).filter(([name]) => !DATED_HEADERS.includes(name));
  const fresh = Object.entries(headers).filter(([name]) => !VALIDATORS.includes(name));
  return { headers: Object.fromEntries([...lasting, ...fresh]), receivedAt };
}

function validatorsOf({ etag, lastModified }: FileIdentity): Record<string, string> {
  return {
    ...(etag === null ? {} : { etag }),
    ...(lastModified === null ? {} : { "last-modified": lastModified }),
  };
}
