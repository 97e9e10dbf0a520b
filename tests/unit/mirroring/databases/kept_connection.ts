import type { Answer } from "../../../support/http_exchange.ts";

/** One connection for one request after another, as pacman keeps it. */
export class KeptConnection implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #host: string;
  #input = new Uint8Array();

  private constructor(connection: Deno.TcpConn, host: string) {
    this.#connection = connection;
    this.#host = host;
  }

  /** `origin` is like `http://127.0.0.1:8090`. */
  static async open(origin: string): Promise<KeptConnection> {
    const { hostname, port, host } = new URL(origin);
    return new KeptConnection(await Deno.connect({ hostname, port: Number(port) }), host);
  }

  /** Returns a whole response; rejects if the connection ends before that. */
  async get(target: string, headers: Record<string, string> = {}): Promise<Answer> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const bytes = new TextEncoder().encode(
      `GET ${target} HTTP/1.1\r\nhost: ${this.#host}\r\n${lines}\r\n`,
    );
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
    const head = await this.#until("\r\n\r\n");
    const [statusLine = "", ...fields] = head.trimEnd().split("\r\n");
    const answer = new Headers(fields.map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }));
    const status = Number(statusLine.split(" ")[1]);
    const body = status === 304 || status === 204
      ? new Uint8Array()
      : answer.get("transfer-encoding") === "chunked"
      ? await this.#chunks()
      : await this.#take(Number(answer.get("content-length") ?? 0));
    const text = new TextDecoder().decode(body);
    return { status, headers: answer, body, text, isComplete: true };
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #chunks(): Promise<Uint8Array> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    while (true) {
      const size = parseInt(await this.#until("\r\n"), 16);
      chunks.push(await this.#take(size));
      await this.#take(2);
      if (size === 0) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    }
  }

  async #until(end: string): Promise<string> {
    while (true) {
      const at = new TextDecoder("latin1").decode(this.#input).indexOf(end);
      if (at >= 0) return new TextDecoder().decode(await this.#take(at + end.length));
      await this.#fill();
    }
  }

  async #take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#input.length < count) await this.#fill();
    const taken = this.#input.slice(0, count);
    this.#input = this.#input.slice(count);
    return taken;
  }

  async #fill(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const count = await this.#connection.read(buffer);
    if (count === null) throw new Error("the connection ended before the response");
    const joined = new Uint8Array(this.#input.length + count);
    joined.set(this.#input);
    joined.set(buffer.subarray(0, count), this.#input.length);
    this.#input = joined;
  }
}
