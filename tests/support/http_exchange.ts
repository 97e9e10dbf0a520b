import { concat } from "@std/bytes/concat";

/** A request whose target is sent unchanged, byte for byte. */
export interface RawRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A response that was read to its end, regular or not. */
export interface Answer {
  status: number;
  headers: Headers;
  body: Uint8Array;
  text: string;
  /** Whether the body is as long as the head announced; false for a broken transfer. */
  isComplete: boolean;
}

const NO_BODY = [204, 304];

/**
 * One request on a TCP connection of its own. Nothing is read from the connection until a test asks
 * for it, so that a test can be a client that stops reading.
 */
export class HttpExchange implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #method: string;
  #input = new Uint8Array();
  #head: { status: number; headers: Headers } | undefined;
  #isClosed = false;

  private constructor(connection: Deno.TcpConn, method: string) {
    this.#connection = connection;
    this.#method = method;
  }

  /** Sends the request; `origin` is like `http://127.0.0.1:8090`. */
  static async open(
    origin: string,
    target: string,
    { method = "GET", headers = {}, body = "" }: RawRequest = {},
  ): Promise<HttpExchange> {
    const { hostname, port, host } = new URL(origin);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const all: Record<string, string> = {
      "host": host,
      "connection": "close",
      ...(body === "" ? {} : { "content-length": String(new TextEncoder().encode(body).length) }),
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const bytes = new TextEncoder().encode(`${method} ${target} HTTP/1.1\r\n${lines}\r\n${body}`);
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    return new HttpExchange(connection, method);
  }

  /** Waits for status and headers. */
  async head(): Promise<{ status: number; headers: Headers }> {
    if (this.#head !== undefined) return this.#head;
    for (;;) {
      const text = new TextDecoder("latin1").decode(this.#input);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.#input = this.#input.slice(end + 4);
        return this.#head = parseHead(text.slice(0, end));
      }
      if (!await this.#fill()) throw new Error("the connection ended before the headers");
    }
  }

  /** The body from its start, once it has `count` bytes or has ended. It can be read again. */
  async peek(count: number): Promise<Uint8Array> {
    await this.head();
    for (;;) {
      const { bytes, isComplete } = this.#body();
      if (bytes.length >= count || isComplete || !await this.#fill()) return this.#body().bytes;
    }
  }

  /** Reads to the end of the body or of the connection, and closes. */
  async finish(): Promise<Answer> {
    const { status, headers } = await this.head();
    try {
      while (!this.#body().isComplete && await this.#fill());
    } finally {
      this.close();
    }
    const { bytes, isComplete } = this.#body();
    return { status, headers, body: bytes, text: new TextDecoder().decode(bytes), isComplete };
  }

  /** Closes the connection without reading the rest. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #fill(): Promise<boolean> {
    const buffer = new Uint8Array(256 * 1024);
    const count = await this.#connection.read(buffer).catch(() => null);
    if (count === null) return false;
    this.#input = concat([this.#input, buffer.subarray(0, count)]);
    return true;
  }

  #body(): { bytes: Uint8Array; isComplete: boolean } {
    const { status, headers } = this.#head!;
    if (this.#method === "HEAD" || NO_BODY.includes(status)) {
      return { bytes: this.#input, isComplete: true };
    }
    if (headers.get("transfer-encoding") === "chunked") return unchunked(this.#input);
    const length = Number(headers.get("content-length") ?? 0);
    return { bytes: this.#input, isComplete: this.#input.length >= length };
  }
}

/** Sends a request and reads the whole response. */
export async function exchange(
  origin: string,
  target: string,
  request: RawRequest = {},
): Promise<Answer> {
  using opened = await HttpExchange.open(origin, target, request);
  return await opened.finish();
}

function parseHead(text: string): { status: number; headers: Headers } {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { status: Number(statusLine.split(" ")[1]), headers };
}

function unchunked(input: Uint8Array): { bytes: Uint8Array; isComplete: boolean } {
  const chunks: Uint8Array[] = [];
  let isComplete = false;
  for (let at = 0;;) {
    const lineEnd = input.indexOf(10, at);
    if (lineEnd < 0) break;
    const size = parseInt(new TextDecoder().decode(input.subarray(at, lineEnd)), 16);
    if (size === 0) {
      isComplete = true;
      break;
    }
    chunks.push(input.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 2;
    if (at > input.length) break;
  }
  return { bytes: concat(chunks), isComplete };
}
