import { Waiters } from "./waiters.ts";

/** A request as a sink received it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Takes messages over HTTP on 127.0.0.1. */
export class HttpSink implements AsyncDisposable {
  readonly received: Received[] = [];
  /** The statuses of the next answers; 200 after them. */
  readonly statuses: number[] = [];
  readonly #waiters = new Waiters();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (r) => {
      const { pathname } = new URL(r.url);
      const body = await r.text();
      this.received.push({ method: r.method, path: pathname, headers: r.headers, body });
      this.#waiters.notify();
      return new Response("{}", { status: this.statuses.shift() ?? 200 });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  reached(count: number): Promise<void> {
    return this.#waiters.until(() => this.received.length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A mail server on 127.0.0.1 that keeps what it gets. */
export class SmtpSink implements AsyncDisposable {
  /** The messages with their headers, as they came. */
  readonly messages: string[] = [];
  readonly recipients: string[] = [];
  readonly #waiters = new Waiters();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #accepting = this.#accept();

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  reached(count: number): Promise<void> {
    return this.#waiters.until(() => this.messages.length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) await this.#talk(connection);
    } catch {
      // It was closed.
    }
  }

  async #talk(connection: Deno.TcpConn): Promise<void> {
    using _ = connection;
    const reply = (text: string) => connection.write(new TextEncoder().encode(`${text}\r\n`));
    await reply("220 sink");
    let [pending, isData] = ["", false];
    for await (const chunk of connection.readable.values({ preventCancel: true })) {
      pending += new TextDecoder().decode(chunk);
      const end = isData ? "\r\n.\r\n" : "\r\n";
      for (let at = pending.indexOf(end); at >= 0; at = pending.indexOf(end)) {
        const text = pending.slice(0, at);
        pending = pending.slice(at + end.length);
        if (isData) {
          this.messages.push(text);
          isData = false;
          await reply("250 taken");
          this.#waiters.notify();
          break;
        }
        if (/^RCPT TO:<(.*)>/i.test(text)) this.recipients.push(/<(.*)>/.exec(text)![1]!);
        if (/^DATA/i.test(text)) isData = true;
        await reply(isData ? "354 go on" : /^QUIT/i.test(text) ? "221 bye" : "250 sink");
        if (/^QUIT/i.test(text)) return;
        if (isData) break;
      }
    }
  }
}
