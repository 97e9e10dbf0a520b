import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { STATUS_CODE } from "@std/http/status";
import type { Repository } from "../../repositories/repository.ts";
import { Notifier } from "../../async/notifier.ts";
import { Turns } from "../../async/turns.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import { isTimeout, PkgstashError, reasonOf } from "../../errors.ts";
import { type Connection, Connections } from "./connections.ts";
import { askingOrder, leftAlone } from "./asking_order.ts";
import type { Mirror } from "./mirror.ts";
import { MirrorPool } from "./mirror_pool.ts";
import type { MirrorRequest, RequestedFile } from "./mirror_request.ts";
import type { Hops } from "./hops.ts";
import { refusalOf } from "./refusal.ts";
import { rivalsIn, type RivalsRequest, type TransferRate } from "./rivals.ts";
import {
  isAway,
  isDifferent,
  isMissing,
  type MirrorFailure,
  NoMirrorError,
  raceMirrors,
} from "./race.ts";
import { MirrorRefusal, MirrorResponse } from "./mirror_response.ts";
import type { HttpClient } from "../../platform/http_client.ts";

const log = eventLogger("mirror");

/** How much time mirrors get, and how slow they may be. */
export interface MirrorLimits {
  raceTimeoutMs: number;
  stallTimeoutMs: number;
  answerTimeoutMs: number;
  /** Below this rate of a transfer another mirror is tried; 0 if only a much faster one counts. */
  minimumBytesPerSecond: number;
}

/** The share of `answerTimeoutMs` for which mirrors that have all failed are awaited. */
const COMEBACK_SHARE = 1 / 3;
/** Pause before they are asked again; each further one is twice as long. */
const FIRST_PAUSE_MS = 500;
/** Failures in a row up to which a mirror is believed to be away only for a moment. */
const JUST_FAILED = 2;

export interface UpstreamOptions {
  name: string;
  mirrors: readonly Mirror[];
  archive: Mirror | null;
  client: HttpClient;
  /** Sent with every request to a mirror, but not to the archive; none by default. */
  secretHeaders?: Readonly<Record<string, string>>;
  limits: MirrorLimits;
  metrics: Metrics;
  /** Marks the requests to mirrors; they are not marked without. */
  hops?: Hops;
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
  readonly #hops: Hops | null;
  /** Transfers that wait for room. */
  readonly #inTurn = new Turns();
  /** Wakes them when another one ends. */
  readonly #ends = new Notifier();
  #limits: MirrorLimits;
  #connections: Connections;
  #secretHeaders: Readonly<Record<string, string>>;
  #isClosed = false;

  constructor(
    { name, mirrors, archive, client, secretHeaders = {}, limits, metrics, hops }: UpstreamOptions,
  ) {
    this.name = name;
    this.#secretHeaders = secretHeaders;
    this.pool = new MirrorPool(mirrors, archive);
    this.#connections = new Connections(client);
    this.#limits = limits;
    this.pool.minimumBytesPerSecond = limits.minimumBytesPerSecond;
    this.#metrics = metrics;
    this.#hops = hops ?? null;
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
  async open(request: MirrorRequest): Promise<MirrorResponse> {
    const { isAwaited = false, signal } = request;
    const { answerTimeoutMs } = this.#limits;
    let deadlineAt = request.deadlineAt ?? this.deadline();
    const patienceMs = answerTimeoutMs * COMEBACK_SHARE;
    const { isDown } = this.pool;
    if (isAwaited && isDown) deadlineAt = Math.min(deadlineAt, performance.now() + patienceMs);
    const roomUntil = Math.min(deadlineAt, performance.now() + patienceMs);
    let givenUpAt = isDown ? deadlineAt : null;
    const failures: MirrorFailure[] = [];
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs *= 2) {
      try {
        if (!request.waitsForRoom) return await this.#race(request, { deadlineAt, failures });
        const { opened } = await this.#inTurn.run(async () => {
          await this.#untilRoom(roomUntil, signal);
          // The turn ends when the request is on its way.
          return { opened: this.#race(request, { deadlineAt, failures }) };
        });
        return await opened;
      } catch (error) {
        if (!isAwaited || !mayBeBack(error)) throw error;
        givenUpAt ??= Math.min(deadlineAt, performance.now() + patienceMs);
        if (performance.now() + pauseMs > givenUpAt) throw error;
        failures.push(...error.failures.filter((failure) => !isAway(failure)));
      }
      await delay(pauseMs, { signal });
    }
  }

  /** Waits until a mirror has room for one more transfer, or time is up. */
  async #untilRoom(until: number, signal: AbortSignal): Promise<void> {
    for (let remaining; this.pool.isFull && (remaining = until - performance.now()) > 0;) {
      await deadline(this.#ends.next, remaining, { signal }).catch((error) => {
        if (!isTimeout(error)) throw error;
      });
    }
  }

  /** Asks each mirror once, but for those that have failed for good. */
  #race(
    request: MirrorRequest,
    { deadlineAt, failures: before }: { deadlineAt: number; failures: readonly MirrorFailure[] },
  ): Promise<MirrorResponse> {
    const order = askingOrder(this.pool, request, before);
    return raceMirrors((mirror, controller) => this.#ask(mirror, controller, request), {
      raceTimeoutMs: this.#limits.raceTimeoutMs,
      deadlineMs: Math.max(0, deadlineAt - performance.now()),
      signal: request.signal,
      // Mirrors are not to blame for a distribution that was removed meanwhile.
      next: (failures) => this.#isClosed ? null : order(failures),
      onFailure: (failure) => this.recordFailure(failure, request),
      settled: (failures) => request.isQuick === true && failures.some(isMissing),
      exhausted: (failures) => {
        if (this.#isClosed) return this.#removed();
        const all = [...before, ...failures, ...leftAlone(this.pool, request, failures)];
        return new NoMirrorError(request.fileName, all, this.#isGone(all, request));
      },
      discard: (body) => body.close(),
    });
  }

  /**
   * The mirrors that are worth a try beside the one that a transfer gets its bytes from: those that
   * were seen to be much faster, and, if its rate is sure, those that nothing is known of where the
   * transfer is slow or long.
   */
  rivals(request: RivalsRequest, rate: TransferRate): Mirror[] {
    return rivalsIn(this.pool, this.#limits.minimumBytesPerSecond, { request, rate });
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
      const response = await connection.client.head(url, this.#headersFor(mirror), limit);
      await response.body?.cancel();
      if (response.ok) return response.headers;
      const refusal = refusalOf(response, false);
      if (refusal.reason !== "faulty" || response.status >= 500) throw refusal;
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
        this.#headersFor(mirror),
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
  recordFailure(
    { mirror, error }: MirrorFailure,
    { repository, fileName, onFailure }: RequestedFile,
  ): void {
    onFailure?.({ mirror, error });
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
    const retryAfterMs = error instanceof MirrorRefusal ? error.retryAfterMs : null;
    mirror.health.recordFailure(reasonOf(error), retryAfterMs);
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
    controller.signal.addEventListener("abort", () => {
      connection[Symbol.dispose]();
      this.#ends.notify();
    }, { once: true });
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
    // The request counts until its body does.
    mirror.health.inFlight++;
    const response = await client.get(
      url,
      { ...this.#headersFor(mirror), ...headers },
      controller.signal,
    ).finally(() => {
      mirror.health.inFlight--;
      this.#ends.notify();
    });
    const { status } = response;
    const isUnchanged = status === STATUS_CODE.NotModified && request.isConditional === true;
    if (status !== STATUS_CODE.OK && status !== STATUS_CODE.PartialContent && !isUnchanged) {
      await response.body?.cancel();
      const refusal = refusalOf(response, "range" in headers);
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

  #headersFor(mirror: Mirror): Readonly<Record<string, string>> {
    return {
      ...(mirror === this.pool.archive ? {} : this.#secretHeaders),
      ...(this.#hops === null ? {} : { via: this.#hops.via }),
    };
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
}

/** Whether all mirrors have failed and one of them, which was well until now, may be back soon. */
function mayBeBack(error: unknown): error is NoMirrorError {
  return error instanceof NoMirrorError && error.kind !== "not_found" &&
    error.failures.some((failure) =>
      isAway(failure) && failure.mirror.health.failures <= JUST_FAILED
    );
}

function reasonClass(error: unknown): string {
  if (error instanceof MirrorRefusal) return "status";
  if (error instanceof Error && "kind" in error) return String(error.kind);
  return "connection";
}
