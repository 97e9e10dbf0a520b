import { delay } from "@std/async/delay";
import { STATUS_CODE } from "@std/http/status";
import type { Repository } from "../../repositories/repository.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import { isTimeout, PkgstashError, reasonOf } from "../../errors.ts";
import { type Connection, Connections } from "./connections.ts";
import { askingOrder, leftAlone } from "./asking_order.ts";
import { COMEBACK_SHARE, comebackMs, FIRST_PAUSE_MS } from "./comeback.ts";
import type { Mirror } from "./mirror.ts";
import type { MirrorLimits } from "./mirror_limits.ts";
import { MirrorPool } from "./mirror_pool.ts";
import type { HeadersRequest, MirrorRequest, Question, RequestedFile } from "./mirror_request.ts";
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
  type RaceOptions,
} from "./race.ts";
import { MirrorRefusal, MirrorResponse } from "./mirror_response.ts";
import { Striping } from "./striping.ts";
import { TransferTurns } from "./transfer_turns.ts";
import type { HttpClient } from "../../platform/http_client.ts";

const log = eventLogger("mirror");

export interface UpstreamOptions {
  name: string;
  mirrors: readonly Mirror[];
  archive: Mirror | null;
  client: HttpClient;
  /** Sent with every request to a mirror, but not to the archive; none by default. */
  secretHeaders?: Readonly<Record<string, string>>;
  limits: MirrorLimits;
  metrics: Metrics;
  /** Marks the requests to mirrors; without it, they are not marked. */
  hops?: Hops;
}

/**
 * A distribution for as long as it is configured: its mirrors, what is known about them, and the
 * connections to them. It survives a reload, so transfers in flight continue, from the new mirrors
 * if need be, and the health of mirrors is not forgotten.
 */
export class Upstream {
  readonly name: string;
  readonly pool: MirrorPool;
  readonly striping: Striping;
  readonly #metrics: Metrics;
  readonly #hops: Hops | null;
  readonly #turns: TransferTurns;
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
    this.striping = new Striping(this.pool, limits.stripeThresholdBytes);
    this.#turns = new TransferTurns(this.pool);
    this.#connections = new Connections(client);
    this.#limits = limits;
    this.pool.minimumBytesPerSecond = limits.minimumBytesPerSecond;
    this.#metrics = metrics;
    this.#hops = hops ?? null;
  }

  /** Applies a new configuration to every further request; null keeps the client. */
  reconfigure(
    { mirrors, archive, client, secretHeaders = {}, limits }:
      & Pick<UpstreamOptions, "mirrors" | "archive" | "secretHeaders" | "limits">
      & { client: HttpClient | null },
  ): void {
    this.pool.replace(mirrors, archive);
    this.#secretHeaders = secretHeaders;
    this.#limits = limits;
    this.striping.thresholdBytes = limits.stripeThresholdBytes;
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

  /** Deadline for a request sent now, in milliseconds of `performance.now()`. */
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
      let waitMs;
      try {
        const race = () => this.#race(request, { deadlineAt, failures });
        if (!request.waitsForRoom) return await race();
        return await this.#turns.run(race, { until: roomUntil, signal });
      } catch (error) {
        if (!isAwaited || !(error instanceof NoMirrorError)) throw error;
        waitMs = comebackMs(error, pauseMs);
        givenUpAt ??= Math.min(deadlineAt, performance.now() + patienceMs);
        if (performance.now() + waitMs > givenUpAt) throw error;
        failures.push(...error.failures.filter((failure) => !isAway(failure)));
      }
      await delay(waitMs, { signal });
    }
  }

  /** Asks each mirror once, except those that have failed for good. */
  #race(
    request: MirrorRequest,
    { deadlineAt, failures: before }: { deadlineAt: number; failures: readonly MirrorFailure[] },
  ): Promise<MirrorResponse> {
    return raceMirrors((mirror, controller) => this.#ask(mirror, controller, request), {
      ...this.#raceOptions(request, { deadlineAt, failures: before }),
      discard: (body) => body.close(),
    });
  }

  #raceOptions(
    request: Question,
    { deadlineAt, failures: before }: { deadlineAt: number; failures: readonly MirrorFailure[] },
  ): Omit<RaceOptions<unknown>, "discard"> {
    const order = askingOrder(this.pool, request, before);
    return {
      raceTimeoutMs: this.#limits.raceTimeoutMs,
      deadlineMs: Math.max(0, deadlineAt - performance.now()),
      signal: request.signal,
      // Mirrors are not to blame for a distribution that was removed meanwhile.
      next: (failures) => this.#isClosed ? null : order(failures),
      onFailure: (failure) => this.recordFailure(failure, request),
      settled: (failures) => request.isQuick === true && failures.some(isMissing),
      isWorthWaiting: ({ health }, failures) =>
        health.restMs === 0 || ![...before, ...failures].some(isMissing),
      exhausted: (failures) => {
        if (this.#isClosed) return this.#removed();
        const all = [...before, ...failures, ...leftAlone(this.pool, request, failures)];
        return new NoMirrorError(request.fileName, all, this.#isGone(all, request));
      },
    };
  }

  /** The mirrors worth trying beside the one that a transfer uses; see `rivals.ts`. */
  rivals(request: RivalsRequest, rate: TransferRate): Mirror[] {
    return rivalsIn(this.pool, this.#limits.minimumBytesPerSecond, { request, rate });
  }

  /**
   * The headers from the first mirror that has a file, requested with HEAD, or with GET if the
   * mirrors that may have it do not answer a HEAD. Throws like `open`.
   */
  async head(request: HeadersRequest): Promise<Headers> {
    const patienceMs = this.pool.isDown ? this.#limits.answerTimeoutMs * COMEBACK_SHARE : Infinity;
    const deadlineAt = Math.min(request.deadlineAt, performance.now() + patienceMs);
    try {
      return await raceMirrors(
        (mirror, controller) => this.#headersOf(mirror, controller, request),
        { ...this.#raceOptions(request, { deadlineAt, failures: [] }), discard: () => {} },
      );
    } catch (error) {
      const only = error instanceof NoMirrorError
        ? error.failures.filter(isDifferent).map(({ mirror }) => mirror)
        : [];
      if (only.length === 0) throw error;
      const whole = { headersFor: () => ({}), accept: () => Promise.resolve() };
      const response = await this.open({ ...request, ...whole, only });
      response.close();
      return response.headers;
    }
  }

  async #headersOf(
    mirror: Mirror,
    controller: AbortController,
    { repository, fileName }: HeadersRequest,
  ): Promise<Headers> {
    const headers = await this.#describe(mirror, repository, fileName, controller.signal);
    if (headers !== null) return headers;
    throw new MirrorRefusal("different", "does not support HEAD");
  }

  /**
   * Sends a HEAD to one mirror. Returns the headers, or null if the mirror does not answer a HEAD
   * for this file, which says nothing about a GET. Throws `MirrorRefusal` "missing" if the mirror
   * does not have the file, and any other failure.
   */
  async describe(
    mirror: Mirror,
    repository: Repository,
    fileName: string,
    signal: AbortSignal,
  ): Promise<Headers | null> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.stallTimeoutMs)]);
    try {
      return await this.#describe(mirror, repository, fileName, limit);
    } catch (error) {
      signal.throwIfAborted();
      if (!this.#isClosed) this.recordFailure({ mirror, error }, { repository, fileName });
      throw error;
    }
  }

  async #describe(
    mirror: Mirror,
    repository: Repository,
    fileName: string,
    signal: AbortSignal,
  ): Promise<Headers | null> {
    const url = mirror.urlOf(repository, fileName);
    if (url === null) throw new MirrorRefusal("missing", "does not carry such files");
    using connection = this.#connect();
    const response = await connection.client.head(url, this.#headersFor(mirror), signal);
    await response.body?.cancel();
    if (response.ok) return response.headers;
    const refusal = refusalOf(response, false);
    if (refusal.reason !== "faulty" || response.status >= 500) throw refusal;
    return null;
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
    if (url === null) return { error: "does not carry such files" };
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
    const begins = mirror.health.recordFailure(reasonOf(error), retryAfterMs);
    this.#metrics.countUpstreamError(mirror.name, reasonClass(error));
    // Further failures while it rests are not news.
    log[begins ? "warn" : "debug"]("mirror failed", {
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
    if (url === null) throw new MirrorRefusal("missing", "does not carry such files");
    const connection = this.#connect();
    // MirrorResponse.close aborts the controller, at the end of the body or earlier.
    controller.signal.addEventListener("abort", () => {
      connection[Symbol.dispose]();
      this.#turns.recordEnd();
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
    // The request counts until its body ends.
    mirror.health.inFlight++;
    const response = await client.get(
      url,
      { ...this.#headersFor(mirror), ...headers },
      controller.signal,
    ).finally(() => {
      mirror.health.inFlight--;
      this.#turns.recordEnd();
    });
    const { status } = response;
    const isUnchanged = status === STATUS_CODE.NotModified && request.isConditional === true;
    if (status !== STATUS_CODE.OK && status !== STATUS_CODE.PartialContent && !isUnchanged) {
      await response.body?.cancel();
      const refusal = refusalOf(response, "range" in headers);
      // A mirror that reports a missing file works well.
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
      `Cannot query the mirrors of ${this.name}: it is no longer configured.`,
    );
  }

  #isGone(failures: readonly MirrorFailure[], request: Question): boolean {
    const mirrors = failures.filter(({ mirror }) => mirror !== this.pool.archive);
    return mirrors.length > 0 &&
      (request.isQuick ? mirrors.some(isMissing) : mirrors.every(isMissing));
  }
}

function reasonClass(error: unknown): string {
  if (error instanceof MirrorRefusal) return "status";
  if (error instanceof Error && "kind" in error) return String(error.kind);
  return "connection";
}
