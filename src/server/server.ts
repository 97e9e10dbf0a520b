import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { isOutOfFiles, PkgstashError, reasonOf } from "../errors.ts";
import { canonicalAddress } from "../formats/network/ip_address.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { type ConnectionLimits, Connections, type Refusal } from "./connections.ts";
import {
  CAN_SHUT_DOWN_IDLE,
  type Handler,
  type HttpConnection,
  serveHttp,
} from "./http_connection.ts";
import { type Listen, type Listener, type ListenSettings, openListener } from "./listener.ts";
import { errorResponse, tooMuch } from "./responses.ts";
import { Seldom } from "./seldom.ts";

const log = eventLogger("server");

/** How long to pause after a failed accept, mostly because too many files are open. */
const ACCEPT_PAUSE_MS = 100;
const WARNING_PERIOD_MS = 60_000;
const MAX_SWEEP_INTERVAL_MS = 5_000;
/** How long a connection that gets only a refusal may take to send its request. */
const REFUSAL_TIMEOUT_MS = 5_000;
const MAX_REFUSALS = 64;
/** How many connections may end gracefully; all others are cut off when they are closed. */
const MAX_ENDING = 64;

export interface ServerOptions {
  handler: Handler;
  /** The limits in force. */
  limits: () => ConnectionLimits;
  /** Whether connections from an address belong to many clients. */
  isProxy: (address: string) => boolean;
}

/** The listening socket, and the connections that it has accepted. */
export class Server {
  /** The base URL it listens on. */
  readonly url: string;
  readonly #listener: Listener;
  readonly #handler: Handler;
  readonly #connections: Connections;
  readonly #served = new Set<HttpConnection>();
  readonly #warnings: Record<Refusal | "accept", Seldom> = {
    all: new Seldom(WARNING_PERIOD_MS),
    client: new Seldom(WARNING_PERIOD_MS),
    accept: new Seldom(WARNING_PERIOD_MS),
  };
  readonly #sweep: ReturnType<typeof setInterval>;
  readonly #accepting: Promise<void>;
  /** Connections that get only a refusal. */
  readonly #refused = new Set<HttpConnection>();
  /**
   * Connections that end once the peer has received everything sent, and sent everything announced.
   * Nothing can cut them off any more, so a hostile peer can hold them.
   */
  readonly #ending = new Set<HttpConnection>();
  #isStopping = false;

  private constructor(
    { listener, url }: { listener: Listener; url: string },
    { handler, limits, isProxy }: ServerOptions,
  ) {
    this.url = url;
    this.#listener = listener;
    this.#handler = handler;
    this.#connections = new Connections(limits, isProxy);
    this.#sweep = setInterval(
      () => this.#connections.closeIdle(),
      Math.min(MAX_SWEEP_INTERVAL_MS, Math.max(100, limits().idleTimeoutMs / 4)),
    );
    this.#accepting = this.#acceptAll();
  }

  /** @throws PkgstashError if the port or the TLS certificate cannot be used. */
  static async listen(
    settings: ListenSettings,
    options: ServerOptions,
    listen?: Listen,
  ): Promise<Server> {
    return new Server(await openListener(settings, listen), options);
  }

  /**
   * Accepts no new connections, waits for the requests in flight for `drainTimeoutMs` at most, and
   * cuts off the rest.
   */
  async stop(drainTimeoutMs: number): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#sweep);
    this.#listener.close();
    await this.#accepting;
    for (const connection of [...this.#connections]) connection.close();
    for (const refused of this.#refused) refused.cut();
    const finished = Promise.all(Array.from(this.#served, (served) => served.finished));
    try {
      await deadline(finished, drainTimeoutMs);
    } catch {
      log.warn("transfers aborted", { after_ms: drainTimeoutMs });
      for (const served of this.#served) served.cut();
    }
  }

  async #acceptAll(): Promise<void> {
    for (;;) {
      try {
        this.#open(await this.#listener.accept());
      } catch (error) {
        if (this.#isStopping) return;
        if (!isOfConnection(error)) await this.#recover(error);
      }
    }
  }

  /** Makes accepting possible again, mostly by closing idle connections. */
  async #recover(error: unknown): Promise<void> {
    const open = this.#connections.size;
    if (isOutOfFiles(error)) this.#connections.shed();
    if (this.#warnings.accept.isDue()) {
      log.warn("cannot accept a connection, continuing", {
        reason: reasonOf(error),
        connections: open,
        closed: open - this.#connections.size,
      });
    }
    await delay(ACCEPT_PAUSE_MS);
  }

  #open(connection: Deno.Conn<Deno.NetAddr>): void {
    const { hostname } = connection.remoteAddr;
    const address = canonicalAddress(hostname) ?? hostname;
    const refusal = this.#connections.makeRoom(address);
    if (refusal !== null) return this.#refuse(connection, address, refusal);
    let inFlight = 0;
    let hasAsked = false;
    const end = () => {
      if (--inFlight === 0) this.#connections.setIdle(open, true);
    };
    const http = this.#serve(connection, (request, info) => {
      hasAsked = true;
      if (++inFlight === 1) this.#connections.setIdle(open, false);
      info.completed.then(end, end);
      return this.#handler(request, info);
    });
    const open = {
      address,
      close: () => {
        // Without a request, there is no response to finish.
        const mayBeSending = hasAsked && CAN_SHUT_DOWN_IDLE &&
          (this.#isStopping || this.#ending.size < MAX_ENDING);
        if (inFlight === 0 && !mayBeSending) return http.cut();
        this.#ending.add(http);
        http.shutdown().finally(() => this.#ending.delete(http));
      },
    };
    this.#connections.add(open);
    http.finished.finally(() => this.#connections.remove(open));
  }

  /** Answers 429 or 503 on a connection, and closes it. */
  #refuse(connection: Deno.Conn<Deno.NetAddr>, client: string, refusal: Refusal): void {
    if (this.#warnings[refusal].isDue()) {
      log.warn("too many connections", { client, connections: this.#connections.size });
    }
    if (this.#refused.size >= MAX_REFUSALS) return connection.close();
    const http = this.#serve(connection, () => tooMuch(refusal));
    this.#refused.add(http);
    const timer = setTimeout(() => http.cut(), REFUSAL_TIMEOUT_MS);
    http.finished.finally(() => {
      clearTimeout(timer);
      this.#refused.delete(http);
    });
  }

  #serve(connection: Deno.Conn<Deno.NetAddr>, handler: Handler): HttpConnection {
    const http = serveHttp(connection, handler, brokenOff);
    this.#served.add(http);
    http.finished.finally(() => this.#served.delete(http));
    return http;
  }
}

/**
 * Whether accepting failed because the client has already disconnected: ENOTCONN, ECONNABORTED,
 * ECONNRESET or EINVAL. There may be hundreds in a row, so each must cost nothing.
 */
function isOfConnection(error: unknown): boolean {
  return error instanceof Error && /\(os error (?:107|103|104|22)\)/.test(error.message);
}

/** The head has already been sent, so the client sees a broken transfer. */
function brokenOff(error: unknown): Response {
  const details = { reason: reasonOf(error) };
  if (error instanceof PkgstashError) log.warn("response aborted", details);
  else log.error("response aborted", details);
  return errorResponse(error);
}
