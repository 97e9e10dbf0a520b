import type { Repository } from "../../repositories/repository.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import type { Mirror } from "./mirror.ts";
import { MirrorPool } from "./mirror_pool.ts";
import { isDifferent, isMissing, type MirrorFailure, NoMirrorError, raceMirrors } from "./race.ts";
import { MirrorRefusal, MirrorResponse } from "./mirror_response.ts";
import type { HttpClient } from "../../platform/http_client.ts";

const log = eventLogger("mirror");

/** What is asked of mirrors. */
export interface MirrorRequest {
  repository: Repository;
  fileName: string;
  /** Headers for one mirror, the file's validators among them. */
  headersFor: (mirror: Mirror) => Record<string, string>;
  /**
   * Takes a mirror's answer or throws the reason why not; it may read ahead, and what it read is
   * read again. Only 200 and 206 come here, and 304 when `conditional`.
   */
  accept: (body: MirrorResponse) => Promise<void>;
  /** Whether 304 is an answer. */
  conditional?: boolean;
  /** Be content with one mirror's word that there is no such file, and leave those that rest alone. */
  quick?: boolean;
  /** Ask those first that agree on the database being served. */
  byAgreement?: boolean;
  /** Ask only these. */
  only?: readonly Mirror[];
  signal: AbortSignal;
}

/** The time limits of conversations with mirrors, in milliseconds. */
export interface MirrorTimeouts {
  raceTimeoutMs: number;
  stallTimeoutMs: number;
  answerTimeoutMs: number;
}

/** Statuses of a mirror that would answer at another time. */
const BUSY: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

export interface UpstreamOptions {
  name: string;
  mirrors: readonly Mirror[];
  archive: Mirror | null;
  client: HttpClient;
  timeouts: MirrorTimeouts;
  metrics: Metrics;
}

/**
 * A distribution as long as the configuration has it: its mirrors, what is known of them, and the
 * connections to them. It survives a reload, so that transfers in flight continue, from the new
 * mirrors if need be, and nothing that was learnt about a mirror is lost.
 */
export class Upstream {
  readonly name: string;
  readonly pool: MirrorPool;
  readonly #metrics: Metrics;
  #timeouts: MirrorTimeouts;
  #connections: Connections;
  #isClosed = false;

  constructor({ name, mirrors, archive, client, timeouts, metrics }: UpstreamOptions) {
    this.name = name;
    this.pool = new MirrorPool(mirrors, archive);
    this.#connections = new Connections(client);
    this.#timeouts = timeouts;
    this.#metrics = metrics;
  }

  /** Applies a new configuration to every request from now on; null keeps the client. */
  reconfigure(
    { mirrors, archive, client, timeouts }:
      & Pick<UpstreamOptions, "mirrors" | "archive" | "timeouts">
      & { client: HttpClient | null },
  ): void {
    this.pool.replace(mirrors, archive);
    this.#timeouts = timeouts;
    if (client === null) return;
    this.#connections.close();
    this.#connections = new Connections(client);
  }

  /** Accepts no more requests. Its connections close when the last response has ended. */
  close(): void {
    this.#isClosed = true;
    this.#connections.close();
  }

  /** The first acceptable answer, or a `NoMirrorError` with everyone's reason. */
  open(request: MirrorRequest): Promise<MirrorResponse> {
    return raceMirrors((mirror, controller) => this.#ask(mirror, controller, request), {
      raceTimeoutMs: this.#timeouts.raceTimeoutMs,
      deadlineMs: this.#timeouts.answerTimeoutMs,
      signal: request.signal,
      next: this.#order(request),
      onFailure: (failure) => this.failed(failure, request.fileName),
      settled: (failures) => request.quick === true && failures.some(isMissing),
      exhausted: (failures) =>
        new NoMirrorError(request.fileName, failures, this.#isGone(failures, request)),
      discard: (body) => body.close(),
    });
  }

  /** The headers of one mirror's answer to a HEAD, or null if it has none to give. */
  async head(
    mirror: Mirror,
    repository: Repository,
    fileName: string,
    signal: AbortSignal,
  ): Promise<Headers | null> {
    const url = mirror.urlOf(repository, fileName);
    if (url === null) return null;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#timeouts.stallTimeoutMs)]);
    using connection = this.#connect();
    try {
      const response = await connection.client.head(url, limit);
      await response.body?.cancel();
      if (response.ok) return response.headers;
      if (response.status === 404 || response.status === 405) return null;
      throw new MirrorRefusal("faulty", `answered ${response.status}`);
    } catch (error) {
      signal.throwIfAborted();
      this.failed({ mirror, error }, fileName);
      return null;
    }
  }

  /**
   * Asks one mirror for a file's headers, for the administrator to see how it does. A failure is
   * told and counts for nothing: it is no reason to leave a mirror alone that nobody needed now.
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
        AbortSignal.timeout(this.#timeouts.answerTimeoutMs),
      );
      await response.body?.cancel();
      if (!response.ok) return { error: `answered ${response.status}` };
      return { milliseconds: performance.now() - asked, headers: response.headers };
    } catch (error) {
      const isSilent = error instanceof DOMException && error.name === "TimeoutError";
      const seconds = this.#timeouts.answerTimeoutMs / 1000;
      return { error: isSilent ? `no answer within ${seconds} s` : reasonOf(error) };
    }
  }

  /** Takes note of a failure, midway or at the start. To lack a file, or to have another, is not one. */
  failed({ mirror, error }: MirrorFailure, fileName: string): void {
    if (isMissing({ mirror, error }) || isDifferent({ mirror, error })) {
      log.debug("mirror passed over", {
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
    // A response that was read to its end, or given up, aborts its controller.
    controller.signal.addEventListener("abort", () => connection[Symbol.dispose](), { once: true });
    try {
      return await this.#receive(connection.client, url, mirror, controller, request);
    } catch (error) {
      controller.abort();
      throw error;
    }
  }

  async #receive(
    client: HttpClient,
    url: string,
    mirror: Mirror,
    controller: AbortController,
    request: MirrorRequest,
  ): Promise<MirrorResponse> {
    const asked = performance.now();
    const headers = request.headersFor(mirror);
    const response = await client.get(url, headers, controller.signal);
    const unchanged = response.status === 304 && request.conditional === true;
    if (response.status !== 200 && response.status !== 206 && !unchanged) {
      await response.body?.cancel();
      const firstByteAfterMs = performance.now() - asked;
      throw refusalOf(response.status, { mirror, firstByteAfterMs, isRange: "range" in headers });
    }
    const { stallTimeoutMs } = this.#timeouts;
    const body = new MirrorResponse({ mirror, response, controller, stallTimeoutMs });
    try {
      await body.peek(1);
      const firstByteAfterMs = performance.now() - asked;
      await request.accept(body);
      mirror.health.recordResponse(firstByteAfterMs);
      if (unchanged) mirror.health.recordSuccess();
      this.#metrics.recordFirstByte(mirror.name, firstByteAfterMs / 1000);
      return body;
    } catch (error) {
      body.close();
      throw error;
    }
  }

  /** The right to use the connections until it is disposed of. */
  #connect(): Disposable & { readonly client: HttpClient } {
    if (this.#isClosed) {
      throw new PkgstashError(
        "not_found",
        `Cannot ask the mirrors of ${this.name}: it is no longer configured.`,
      );
    }
    return this.#connections.use();
  }

  #isGone(failures: readonly MirrorFailure[], request: MirrorRequest): boolean {
    const mirrors = failures.filter(({ mirror }) => mirror !== this.pool.archive);
    return mirrors.length > 0 &&
      (request.quick ? mirrors.some(isMissing) : mirrors.every(isMissing));
  }

  #order(request: MirrorRequest): (failures: readonly MirrorFailure[]) => Mirror | null {
    if (request.only !== undefined) {
      const queue = [...request.only];
      return () => queue.shift() ?? null;
    }
    const { ready, resting } = this.pool.candidates(
      request.byAgreement === true ? request.repository.directory : null,
    );
    const archive = this.pool.archive === null ? [] : [this.pool.archive];
    return (failures) => {
      const next = ready.shift();
      if (next !== undefined) return next;
      if (!(request.quick && failures.some(isMissing))) {
        const rested = resting.shift();
        if (rested !== undefined) return rested;
      }
      return archive.shift() ?? null;
    };
  }
}

function reasonClass(error: unknown): string {
  if (error instanceof MirrorRefusal) return "status";
  if (error instanceof Error && "kind" in error) return String(error.kind);
  return "connection";
}

/** The refusal that a mirror's status amounts to. A 404 or 410 is a good answer, and noted as one. */
function refusalOf(
  status: number,
  { mirror, firstByteAfterMs, isRange }: {
    mirror: Mirror;
    firstByteAfterMs: number;
    isRange: boolean;
  },
): MirrorRefusal {
  if (status === 404 || status === 410) {
    mirror.health.recordResponse(firstByteAfterMs);
    mirror.health.recordSuccess();
    return new MirrorRefusal("missing", `answered ${status}`);
  }
  // The mirror may refuse only the range; the whole file may still be available.
  return new MirrorRefusal(
    isRange && !BUSY.has(status) ? "different" : "faulty",
    `answered ${status}`,
  );
}

/** An HTTP client that closes when the last request that uses it has ended. */
class Connections {
  readonly #client: HttpClient;
  #users = 0;
  #isClosing = false;

  constructor(client: HttpClient) {
    this.#client = client;
  }

  use(): Disposable & { readonly client: HttpClient } {
    this.#users++;
    let isInUse = true;
    return {
      client: this.#client,
      [Symbol.dispose]: () => {
        if (!isInUse) return;
        isInUse = false;
        this.#users--;
        this.#closeIfIdle();
      },
    };
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#closeIfIdle();
  }

  #closeIfIdle(): void {
    if (this.#isClosing && this.#users === 0) this.#client[Symbol.dispose]();
  }
}
