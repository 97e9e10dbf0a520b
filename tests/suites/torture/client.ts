import { type Answer, HttpExchange, type RawRequest } from "../../support/http_exchange.ts";
import type { Findings } from "./findings.ts";
import type { Judge } from "./judge.ts";

/** `answer_timeout` of the daemon and what a busy machine adds. */
const HEAD_PATIENCE_MS = 20_000;
/** A client that has the head leaves after this time; a slow mirror is no fault of the daemon. */
const BODY_PATIENCE_MS = 25_000;

export const TOKEN = "torture-token";

/** Where the daemon is now, and whether it is about to be killed. */
export interface Target {
  readonly origin: string;
  readonly isLeaving: boolean;
}

/** Asks the daemon, and checks what holds for every answer. */
export class Client {
  readonly #target: () => Target;
  readonly #findings: Findings;
  readonly #judge: Judge;
  answers = 0;

  constructor(target: () => Target, findings: Findings, judge: Judge) {
    this.#target = target;
    this.#findings = findings;
    this.#judge = judge;
  }

  get origin(): string {
    return this.#target().origin;
  }

  /** Whether the daemon is about to be killed. */
  get isOver(): boolean {
    return this.#target().isLeaving;
  }

  /** A whole answer; null if the daemon was killed meanwhile, or the transfer takes too long. */
  async ask(target: string, request: RawRequest = {}): Promise<Answer | null> {
    const origin = this.origin;
    const what = `${request.method ?? "GET"} ${target} ${JSON.stringify(request.headers ?? {})}`;
    const exchange = await this.#open(origin, target, request);
    if (exchange === null) return null;
    const startedAt = performance.now();
    const headTimer = setTimeout(() => exchange.close(), HEAD_PATIENCE_MS);
    try {
      await exchange.head();
    } catch {
      const waited = Math.round(performance.now() - startedAt);
      this.#checkTime(what, origin, waited);
      return null;
    } finally {
      clearTimeout(headTimer);
    }
    const bodyTimer = setTimeout(() => exchange.close(), BODY_PATIENCE_MS);
    try {
      const answer = await exchange.finish();
      this.answers += 1;
      this.#judge.any(what, answer);
      return answer;
    } catch {
      return null;
    } finally {
      clearTimeout(bodyTimer);
    }
  }

  /** Asks the administrative API. */
  administer(method: string, path: string, body = ""): Promise<Answer | null> {
    return this.ask(`/api/v1/${path}`, {
      method,
      body,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body === "" ? {} : { "content-type": "application/json" }),
      },
    });
  }

  /** Reads up to `bytes` of an answer and leaves. */
  async leave(target: string, bytes: number): Promise<void> {
    const exchange = await this.#open(this.origin, target, {});
    if (exchange === null) return;
    const timer = setTimeout(() => exchange.close(), 1_000);
    await exchange.peek(bytes).catch(() => {});
    clearTimeout(timer);
    exchange.close();
  }

  /**
   * Sends bytes as they are and returns what comes back within `forMs`, at most 256 KiB. With 0, the
   * connection is left at once.
   */
  async raw(bytes: Uint8Array, forMs: number): Promise<string> {
    const { hostname, port } = new URL(this.origin);
    let connection: Deno.TcpConn;
    try {
      connection = await Deno.connect({ hostname, port: Number(port) });
    } catch {
      return "";
    }
    let isOpen = true;
    const close = () => {
      if (isOpen) connection.close();
      isOpen = false;
    };
    const timer = setTimeout(close, forMs);
    const decoder = new TextDecoder("latin1");
    let text = "";
    try {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      const buffer = new Uint8Array(64 * 1024);
      while (text.length < 256 * 1024) {
        const count = await connection.read(buffer);
        if (count === null) break;
        text += decoder.decode(buffer.subarray(0, count));
      }
    } catch {
      // Closed by either side.
    }
    clearTimeout(timer);
    close();
    for (const [, status] of text.matchAll(/^HTTP\/1\.[01] (\d+)/gm)) {
      this.#findings.check(
        "no answer to an odd request is an internal error",
        status !== "500",
        () => `${JSON.stringify(decoder.decode(bytes.subarray(0, 300)))} -> ${text.slice(0, 300)}`,
      );
    }
    return text;
  }

  async #open(origin: string, target: string, request: RawRequest): Promise<HttpExchange | null> {
    try {
      return await HttpExchange.open(origin, target, request);
    } catch {
      return null;
    }
  }

  /** A connection that ended without an answer is a fault only while the daemon should be there. */
  #checkTime(what: string, origin: string, waitedMs: number): void {
    const target = this.#target();
    if (target.isLeaving || target.origin !== origin) return;
    this.#findings.check(
      "every request is answered in time",
      waitedMs < HEAD_PATIENCE_MS,
      () => `${what}: nothing for ${waitedMs} ms`,
    );
  }
}
