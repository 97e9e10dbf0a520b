import { join } from "@std/path";

/** A static web server on loopback. */
export class FakeWebServer implements Disposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(handler: (request: Request) => Response | Promise<Response>) {
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  }

  /** Serves the files of a directory, each with its length. */
  static of(directory: string): FakeWebServer {
    return new FakeWebServer((request) => fileOf(directory, request));
  }

  /** Serves the files of a directory, and calls `wait` before it sends one whose name has `part`. */
  static waiting(directory: string, part: string, wait: () => Promise<void>): FakeWebServer {
    return new FakeWebServer(async (request) => {
      if (request.url.includes(part)) await wait();
      return await fileOf(directory, request);
    });
  }

  /** Redirects every request. */
  static redirecting(location: string): FakeWebServer {
    return new FakeWebServer(() => new Response(null, { status: 302, headers: { location } }));
  }

  /** With a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  [Symbol.dispose](): void {
    void this.#server.shutdown();
  }
}

async function fileOf(directory: string, request: Request): Promise<Response> {
  const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
  const bytes = await Deno.readFile(join(directory, name)).catch(() => null);
  if (bytes === null) return new Response(null, { status: 404 });
  return new Response(bytes, { headers: { "content-length": String(bytes.length) } });
}
