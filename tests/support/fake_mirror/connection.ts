import { concat } from "@std/bytes/concat";
import type { Gate } from "./behaviour.ts";
import type { Reply } from "./reply.ts";

/** The head of a request. */
export interface RequestHead {
  method: string;
  /** The request target, undecoded. */
  path: string;
  headers: Headers;
}

/** After a reply: another may follow, the connection has to be closed, or it was closed midway. */
type Outcome = "reusable" | "finished" | "interrupted";

const WRITE_BYTES = 64 * 1024;

/** A client's TCP connection: reads requests, and writes replies with their faults. */
export class MirrorConnection {
  readonly #connection: Deno.TcpConn;
  readonly #onBytes: (count: number) => void;
  #input: Uint8Array = new Uint8Array();
  #wake = Promise.withResolvers<void>();
  /** Resolves when the client has disconnected, or the connection was closed here. */
  readonly #ended = Promise.withResolvers<void>();
  #isEnded = false;
  #isClosed = false;

  /** `onBytes` is called with the number of body bytes after each write. */
  constructor(connection: Deno.TcpConn, onBytes: (count: number) => void) {
    this.#connection = connection;
    this.#onBytes = onBytes;
    connection.setNoDelay(true);
  }

  /**
   * Replies until either side closes. `onAbandoned` is called if the client disconnected during a
   * response.
   */
  async serve(answer: (head: RequestHead) => Reply, onAbandoned: () => void): Promise<void> {
    const pump = this.#pump();
    try {
      for (;;) {
        const head = await this.#readHead();
        if (head === undefined) break;
        const outcome = await this.#send(head, answer(head));
        if (outcome === "interrupted" && !this.#isClosed) onAbandoned();
        if (outcome !== "reusable") break;
        if (head.headers.get("connection")?.toLowerCase() === "close") break;
      }
    } catch (error) {
      if (!this.#isEnded && !isDisconnect(error)) throw error;
      if (!this.#isClosed) onAbandoned();
    } finally {
      this.close();
      await pump;
    }
  }

  close(): void {
    this.#end();
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  #end(): void {
    this.#isEnded = true;
    this.#ended.resolve();
    this.#wake.resolve();
  }

  // Reads even while a response hangs, to notice that the client has disconnected.
  async #pump(): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.#input = concat([this.#input, buffer.subarray(0, count)]);
        this.#wake.resolve();
      }
    } catch {
      // A reset ends the connection as well.
    }
    this.#end();
  }

  async #readHead(): Promise<RequestHead | undefined> {
    for (;;) {
      const end = endOfHead(this.#input);
      if (end !== -1) {
        const text = new TextDecoder().decode(this.#input.subarray(0, end));
        this.#input = this.#input.subarray(end);
        return parseHead(text);
      }
      if (this.#isEnded) return undefined;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  async #send(head: RequestHead, reply: Reply): Promise<Outcome> {
    for (const delay of reply.delays) await this.#pause(delay);
    if (this.#isEnded) return "interrupted";
    if (reply.refuse) return "finished";
    if (!await this.#writeHead(reply)) return "interrupted";
    if (head.method === "HEAD" || reply.status === 304) return "reusable";
    let sent = 0;
    for (const { bytes, action } of reply.interruptions) {
      if (bytes > reply.body.length) break;
      if (!await this.#writeBody(reply, sent, bytes)) return "interrupted";
      sent = bytes;
      if (action.kind === "cut") return "finished";
      await this.#pause(action.kind === "gate" ? action.gate : null);
      if (this.#isEnded) return "interrupted";
    }
    if (!await this.#writeBody(reply, sent, reply.body.length)) return "interrupted";
    if (reply.framing === "chunked") await this.#write(new TextEncoder().encode("0\r\n\r\n"));
    const isDelimited = reply.framing !== "close" && reply.announcedLength === undefined;
    return isDelimited ? "reusable" : "finished";
  }

  /** Returns false if the connection ended before the last byte was written. */
  async #writeHead(reply: Reply): Promise<boolean> {
    const head = new TextEncoder().encode(headText(reply));
    const step = reply.headPace === undefined ? head.length : 1;
    for (let at = 0; at < head.length; at += step) {
      if (this.#isEnded) return false;
      await this.#write(head.subarray(at, at + step));
      if (reply.headPace !== undefined) await this.#pause(reply.headPace);
    }
    return true;
  }

  /** Returns false if the connection ended before the last byte was written. */
  async #writeBody(reply: Reply, from: number, to: number): Promise<boolean> {
    const step = Math.min(WRITE_BYTES, reply.pace?.bytes ?? WRITE_BYTES);
    for (let at = from; at < to; at += step) {
      if (this.#isEnded) return false;
      const part = reply.body.subarray(at, Math.min(to, at + step));
      if (reply.framing === "chunked") {
        await this.#write(new TextEncoder().encode(`${part.length.toString(16)}\r\n`));
        await this.#write(part, this.#onBytes);
        await this.#write(new TextEncoder().encode("\r\n"));
      } else {
        await this.#write(part, this.#onBytes);
      }
      if (reply.pace !== undefined) await this.#pause(reply.pace.milliseconds);
    }
    return true;
  }

  async #write(bytes: Uint8Array, count?: (written: number) => void): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const written = await this.#connection.write(bytes.subarray(at));
      count?.(written);
      at += written;
    }
  }

  /** Waits for milliseconds, for a gate, or forever (null), but not longer than the connection. */
  async #pause(until: number | Gate | null): Promise<void> {
    if (until === null) return await this.#ended.promise;
    if (typeof until !== "number") return await Promise.race([until.pass(), this.#ended.promise]);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, until);
    await Promise.race([promise, this.#ended.promise]);
    clearTimeout(timer);
  }
}

function endOfHead(bytes: Uint8Array): number {
  for (let at = 3; at < bytes.length; at++) {
    if (
      bytes[at] === 10 && bytes[at - 1] === 13 && bytes[at - 2] === 10 && bytes[at - 3] === 13
    ) return at + 1;
  }
  return -1;
}

function parseHead(text: string): RequestHead {
  const [requestLine = "", ...lines] = text.trimEnd().split("\r\n");
  // The target is everything between the first and the last space.
  const match = /^(\S+) (.*) HTTP\/1\.[01]$/.exec(requestLine);
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { method: match?.[1] ?? "", path: match?.[2] ?? "", headers };
}

function headText(reply: Reply): string {
  const lines = [`HTTP/1.1 ${reply.status} ${reply.status < 400 ? "OK" : "Error"}`];
  lines.push("Server: fake-mirror", `Date: ${new Date().toUTCString()}`);
  for (const [name, value] of reply.headers) lines.push(`${name}: ${value}`);
  if (reply.framing === "chunked") lines.push("Transfer-Encoding: chunked");
  else if (reply.framing === "close") lines.push("Connection: close");
  else if (reply.status !== 304) {
    lines.push(`Content-Length: ${reply.announcedLength ?? reply.body.length}`);
  }
  return lines.join("\r\n") + "\r\n\r\n";
}

function isDisconnect(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}
