import { STATUS_CODE } from "@std/http/status";
import type { Repository } from "../../repositories/repository.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import { isTimeout, PkgstashError, reasonOf } from "../../errors.ts";
import { type Connection, Connections } from "./connections.ts";
import type { Mirror } from "./mirror.ts";
import { isFull, MirrorPool } from "./mirror_pool.ts";
import { isDifferent, isMissing, type MirrorFailure, NoMirrorError, raceMirrors } from "./race.ts";
import { MirrorRefusal, MirrorResponse } from "./mirror_response.ts";
import type { HttpClient } from "../../platform/http_client.ts";

const log = eventLogger("mirror");

/** A request for a file, to one mirror after another. */
export interface MirrorRequest {
  repository: Repository;
  fileName: string;
  /** Headers for one mirror, such as the file's validators. */
  headersFor: (mirror: Mirror) => Record<string, string>;
  /**
   * Resolves if the response is usable, otherwise rejects with the reason. It may peek at the body.
   * Only 200 and 206 get here, and 304 if the request `isConditional`.
   */
  accept: (response: MirrorResponse) => Promise<void>;
  /** Whether 304 is a usable status. */
  isConditional?: boolean;
  /** Whether one mirror's 404 suffices, and resting mirrors are left alone. */
  isQuick?: boolean;
  /** Whether mirrors that have the served database are asked first. */
  prefersCurrent?: boolean;
  /** Ask only these, in this order. */
  only?: readonly Mirror[];
  /** Ask these only after all others. */
  last?: ReadonlySet<Mirror>;
  /**
   * When a response must have begun, in milliseconds of `performance.now()`; `answerTimeoutMs` from
   * now unless given.
   */
  deadlineAt?: number;
  signal: AbortSignal;
}

/** A file that a mirror was asked for. */
export type RequestedFile = Pick<MirrorRequest, "repository" | "fileName">;

/** What a transfer asks for when it looks for a faster mirror. */
export type RivalsRequest = Pick<
  MirrorRequest,
  "repository" | "fileName" | "prefersCurrent" | "only"
>;

/** How a transfer gets on. */
export interface TransferRate {
  bytesPerSecond: number;
  /** Time that the rest will take. */
  remainingMs: number;
  /** Whether the rate was seen for long enough to be no accident. */
  isSure: boolean;
}

/** How much time mirrors get, and how slow they may be. */
export interface MirrorLimits {
  raceTimeoutMs: number;
  stallTimeoutMs: number;
  answerTimeoutMs: number;
  /** Below this rate of a transfer another mirror is tried; 0 if only a much faster one counts. */
  minimumBytesPerSecond: number;
}

/** How many times faster another mirror must be to be worth a try: than a slow transfer, than any. */
const FASTER = 2;
const MUCH_FASTER = 4;
/** A transfer that will take longer than this is worth a try of a mirror that nothing is known of. */
const LONG_MS = 30_000;

/** Statuses of a mirror that may serve the same request later (RFC 9110, section 15). */
const BUSY: ReadonlySet<number> = new Set([
  STATUS_CODE.RequestTimeout,
  STATUS_CODE.TooManyRequests,
  STATUS_CODE.BadGateway,
  STATUS_CODE.ServiceUnavailable,
  STATUS_CODE.GatewayTimeout,
]);

export interface UpstreamOptions {
  name: string;
  mirrors: readonly Mirror[];
  archive: Mirror | null;
  client: HttpClient;
  /** Sent with every request to a mirror, but not to the archive; none by default. */
  secretHeaders?: Readonly<Record<string, string>>;
  limits: MirrorLimits;
  metrics: Metrics;
}

/**
 * A distribution for as long as it is configured: its mirrors, what is known of them, and the
 * connections to them. It survives a reload, so transfers in flight continue, from the new mirrors
 * if need be, and the health of mirrors is not forgotten.
 */
export class Upstream {
  readonly name: string;
  readonly pool: MirrorPool;
  readonly #metrics: Metrics;
  #limits: MirrorLimits;
  #connections: Connections;
  #secretHeaders: Readonly<Record<string, string>>;
  #isClosed = false;

  constructor(
    { name, mirrors, archive, client, secretHeaders = {}, limits, metrics }: UpstreamOptions,
  ) {
    this.name = name;
    this.#secretHeaders = secretHeaders;
    this.pool = new MirrorPool(mirrors, archive);
    this.#connections = new Connections(client);
    this.#limits = limits;
    this.pool.minimumBytesPerSecond = limits.minimumBytesPerSecond;
    this.#metrics = metrics;
  }

  /** Applies a new configuration to every request from now on; null keeps the client. */
  reconfigure(
    { mirrors, archive, client, secretHeaders = {}, limits }:
      & Pick<UpstreamOptions, "mirrors" | "archive" | "secretHeaders" | "limits">
      & { client: HttpClient | null },
  ): void {
    this.pool.replace(mirrors, archive);
    this.#secretHeaders = secretHeaders;
    this.#limits = limits;
    this.pool.minimumBytesPerSecond = limits.minimumBytesPerSecond;
    if (client === null) return;
    this.#connections.close();
    this.#connections = new Connections(client);
  }

  /** Accepts no more requests. Its connections close when the last response has ended. */
  close(): void {
    this.#isClosed = true;
    this.#connections.close();
  }

  /** When a request of now must have been answered, in milliseconds of `performance.now()`. */
  deadline(): number {
    return performance.now() + this.#limits.answerTimeoutMs;
  }

  /**
   * Returns the first usable response; throws a `NoMirrorError` with every mirror's reason, or
   * `not_found` if the distribution is no longer configured.
   */
  open(request: MirrorRequest): Promise<MirrorResponse> {
    const deadlineAt = request.deadlineAt ?? this.deadline();
    const order = this.#order(request);
    return raceMirrors((mirror, controller) => this.#ask(mirror, controller, request), {
      raceTimeoutMs: this.#limits.raceTimeoutMs,
      deadlineMs: Math.max(0, deadlineAt - performance.now()),
      signal: request.signal,
      // Mirrors are not to blame for a distribution that was removed meanwhile.
      next: (failures) => this.#isClosed ? null : order(failures),
      onFailure: (failure) => this.recordFailure(failure, request),
      settled: (failures) => request.isQuick === true && failures.some(isMissing),
      exhausted: (failures) =>
        this.#isClosed
          ? this.#removed()
          : new NoMirrorError(request.fileName, failures, this.#isGone(failures, request)),
      discard: (body) => body.close(),
    });
  }

  /**
   * The mirrors that are worth a try beside the one that a transfer gets its bytes from: those that
   * were seen to be much faster, and, if its rate is sure, those that nothing is known of where the
   * transfer is slow or long.
   */
  rivals(
    { repository, fileName, prefersCurrent, only }: RivalsRequest,
    { bytesPerSecond, remainingMs, isSure }: TransferRate,
  ): Mirror[] {
    const { directory } = repository;
    const isSlow = bytesPerSecond < this.#limits.minimumBytesPerSecond;
    // Transfers side by side share the line.
    const inFlight = this.pool.mirrors.reduce((sum, { health }) => sum + health.inFlight, 0);
    const share = bytesPerSecond * Math.max(1, inFlight);
    const { ready } = this.pool.candidates(prefersCurrent === true ? directory : null, {
      directory,
      fileName,
    });
    return ready.filter((mirror) => {
      if (isFull(mirror) || only?.includes(mirror) === false) return false;
      const known = mirror.health.bytesPerSecond;
      if (known === null) return isSure && (isSlow || remainingMs > LONG_MS);
      return known > share * (isSlow && isSure ? FASTER : MUCH_FASTER);
    });
  }

  /** Sends a HEAD to one mirror. Returns the headers, or null if the file cannot be had there. */
  async head(
    mirror: Mirror,
    repository: Repository,
    fileName: string,
    signal: AbortSignal,
  ): Promise<Headers | null> {
    try {
      return await this.describe(mirror, repository, fileName, signal);
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }

  /**
   * Sends a HEAD to one mirror. Returns the headers, or null if the mirror does not answer a HEAD for
   * this file, which says nothing about a GET. Throws `MirrorRefusal` "missing" if the mirror does
   * not have the file, and anything else that went wrong.
   */
  async describe(
    mirror: Mirror,
    repository: Repository,
    fileName: string,
    signal: AbortSignal,
  ): Promise<Headers | null> {
    const url = mirror.urlOf(repository, fileName);
    if (url === null) throw new MirrorRefusal("missing", "does not keep such files");
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.stallTimeoutMs)]);
    using connection = this.#connect();
    try {
      const response = await connection.client.head(url, this.#secretsFor(mirror), limit);
      await response.body?.cancel();
      if (response.ok) return response.headers;
      const refusal = refusalOf(response.status, false);
      if (refusal.reason === "missing" || response.status >= 500 || BUSY.has(response.status)) {
        throw refusal;
      }
      return null;
    } catch (error) {
      signal.throwIfAborted();
      this.recordFailure({ mirror, error }, { repository, fileName });
      throw error;
    }
  }

  /**
   * Sends a HEAD to one mirror on an administrator's request. A failure is returned and does not
   * affect the mirror's health: nobody needed the file.
   */
  async probe(
    mirror: Mirror,
    repository: Repository,
    fileName: string,
  ): Promise<{ milliseconds: number; headers: Headers } | { error: string }> {
    const url = mirror.urlOf(repository, fileName);
    if (url === null) return { error: "does not keep such files" };
    const asked = performance.now();
    using connection = this.#connect();
    try {
      const response = await connection.client.head(
        url,
        this.#secretsFor(mirror),
        AbortSignal.timeout(this.#limits.answerTimeoutMs),
      );
      await response.body?.cancel();
      if (!response.ok) return { error: `answered ${response.status}` };
      return { milliseconds: performance.now() - asked, headers: response.headers };
    } catch (error) {
      const seconds = this.#limits.answerTimeoutMs / 1000;
      return { error: isTimeout(error) ? `no response within ${seconds} s` : reasonOf(error) };
    }
  }

  /**
   * Records a failure, midway or at the start. A missing or different file is not a failure. A
   * mirror that sent what cannot be the file is asked for that file after all others.
   */
  recordFailure({ mirror, error }: MirrorFailure, { repository, fileName }: RequestedFile): void {
    if (error instanceof PkgstashError && error.kind === "content") {
      this.pool.refuse(mirror, { directory: repository.directory, fileName });
    }
    if (isMissing({ mirror, error }) || isDifferent({ mirror, error })) {
      log.debug("mirror skipped", {
        mirror: mirror.name,
        file: fileName,
        reason: reasonOf(error),
      });
      return;
    }
    mirror.health.recordFailure(reasonOf(error));
    this.#metrics.countUpstreamError(mirror.name, reasonClass(error));
    log.warn("mirror failed", {
      mirror: mirror.name,
      file: fileName,
      reason: reasonOf(error),
      rests_ms: Math.round(mirror.health.restMs),
    });
  }

  async #ask(
    mirror: Mirror,
    controller: AbortController,
    request: MirrorRequest,
  ): Promise<MirrorResponse> {
    const url = mirror.urlOf(request.repository, request.fileName);
    if (url === null) throw new MirrorRefusal("missing", "does not keep such files");
    const connection = this.#connect();
    // MirrorResponse.close aborts the controller, at the end of the body or earlier.
    controller.signal.addEventListener("abort", () => connection[Symbol.dispose](), { once: true });
    try {
      return await this.#receive(connection.client, { url, mirror, controller, request });
    } catch (error) {
      controller.abort();
      throw error;
    }
  }

  async #receive(
    client: HttpClient,
    { url, mirror, controller, request }: {
      url: string;
      mirror: Mirror;
      controller: AbortController;
      request: MirrorRequest;
    },
  ): Promise<MirrorResponse> {
    const askedAt = performance.now();
    const headers = request.headersFor(mirror);
    const response = await client.get(
      url,
      { ...this.#secretsFor(mirror), ...headers },
      controller.signal,
    );
    const { status } = response;
    const isUnchanged = status === STATUS_CODE.NotModified && request.isConditional === true;
    if (status !== STATUS_CODE.OK && status !== STATUS_CODE.PartialContent && !isUnchanged) {
      await response.body?.cancel();
      const refusal = refusalOf(status, "range" in headers);
      // A mirror that says that it lacks a file works well.
      if (refusal.reason === "missing") {
        mirror.health.recordResponse(performance.now() - askedAt);
        mirror.health.recordSuccess();
      }
      throw refusal;
    }
    const { stallTimeoutMs } = this.#limits;
    const received = new MirrorResponse({ mirror, response, controller, stallTimeoutMs });
    try {
      await received.peek(1);
      const firstByteAfterMs = performance.now() - askedAt;
      await request.accept(received);
      mirror.health.recordResponse(firstByteAfterMs);
      if (isUnchanged) mirror.health.recordSuccess();
      this.#metrics.recordFirstByte(mirror.name, firstByteAfterMs / 1000);
      return received;
    } catch (error) {
      received.close();
      throw error;
    }
  }

  #secretsFor(mirror: Mirror): Readonly<Record<string, string>> {
    return mirror === this.pool.archive ? {} : this.#secretHeaders;
  }

  #connect(): Connection {
    if (this.#isClosed) throw this.#removed();
    return this.#connections.use();
  }

  #removed(): PkgstashError {
    return new PkgstashError(
      "not_found",
      `Cannot ask the mirrors of ${this.name}: it is no longer configured.`,
    );
  }

  #isGone(failures: readonly MirrorFailure[], request: MirrorRequest): boolean {
    const mirrors = failures.filter(({ mirror }) => mirror !== this.pool.archive);
    return mirrors.length > 0 &&
      (request.isQuick ? mirrors.some(isMissing) : mirrors.every(isMissing));
  }

  #order(request: MirrorRequest): (failures: readonly MirrorFailure[]) => Mirror | null {
    if (request.only !== undefined) {
      const queue = [...request.only];
      return () => queue.shift() ?? null;
    }
    const { directory } = request.repository;
    const { ready, resting, refused } = this.pool.candidates(
      request.prefersCurrent === true ? directory : null,
      { directory, fileName: request.fileName },
    );
    const { last = new Set() } = request;
    const isLast = (mirror: Mirror) => last.has(mirror);
    const first = ready.filter((mirror) => !isLast(mirror));
    const archive = this.pool.archive === null ? [] : [this.pool.archive];
    const final = [...archive, ...ready.filter(isLast), ...refused];
    return (failures) => {
      const next = first.shift();
      if (next !== undefined) return next;
      if (!(request.isQuick && failures.some(isMissing))) {
        const rested = resting.shift();
        if (rested !== undefined) return rested;
      }
      return final.shift() ?? null;
    };
  }
}

function reasonClass(error: unknown): string {
  if (error instanceof MirrorRefusal) return "status";
  if (error instanceof Error && "kind" in error) return String(error.kind);
  return "connection";
}

function refusalOf(status: number, isRange: boolean): MirrorRefusal {
  const reason = `answered ${status}`;
  if (status === STATUS_CODE.NotFound || status === STATUS_CODE.Gone) {
    return new MirrorRefusal("missing", reason);
  }
  // The mirror may refuse only the range; the whole file may still be available.
  return new MirrorRefusal(isRange && !BUSY.has(status) ? "different" : "faulty", reason);
}
