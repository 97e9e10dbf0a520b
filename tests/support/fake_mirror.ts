import { type Behaviour, BehaviourQueue } from "./fake_mirror/behaviour.ts";
import { MirrorConnection, type RequestHead } from "./fake_mirror/connection.ts";
import { type MirrorFile, type Reply, replyTo } from "./fake_mirror/reply.ts";
import { Waiters } from "./waiters.ts";

export { type Behaviour, Gate } from "./fake_mirror/behaviour.ts";

/** One request that reached the mirror. */
export interface ReceivedRequest {
  method: string;
  /** The request target as on the wire: undecoded, with its leading slash. */
  path: string;
  headers: Headers;
  /** Milliseconds of `performance.now()`. */
  time: number;
}

/** The Last-Modified of files for which `put` gets none. */
export const DEFAULT_LAST_MODIFIED = new Date("2026-11-01T12:00:00Z");

/**
 * A package mirror in memory, on 127.0.0.1. It responds as nginx would, unless a test orders another
 * behaviour. It speaks HTTP/1.1 over plain TCP, so that it can cut, stall and lie at an exact byte.
 */
export class FakeMirror implements AsyncDisposable {
  readonly requests: ReceivedRequest[] = [];
  /** Body bytes written to clients. */
  bytesSent = 0;
  /** Responses during which the client disconnected. */
  abandoned = 0;

  readonly #files = new Map<string, MirrorFile>();
  readonly #queues = new Map<string, BehaviourQueue>();
  readonly #connections = new Map<MirrorConnection, Promise<void>>();
  readonly #waiters = new Waiters();
  readonly #port: number;
  #listener: Deno.TcpListener | undefined;
  #accepting: Promise<void> = Promise.resolve();

  private constructor(listener: Deno.TcpListener) {
    this.#port = listener.addr.port;
    this.#listen(listener);
  }

  // deno-lint-ignore require-await
  static async start(): Promise<FakeMirror> {
    return new FakeMirror(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  }

  /** `http://127.0.0.1:PORT/` */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  /**
   * Adds or replaces a file. By default, it has `DEFAULT_LAST_MODIFIED` and nginx's ETag of time and
   * size; null omits a validator.
   */
  put(
    path: string,
    body: Uint8Array,
    options: { lastModified?: Date | null; etag?: string | null } = {},
  ): void {
    const { lastModified = DEFAULT_LAST_MODIFIED } = options;
    const { etag = lastModified === null ? null : nginxETag(lastModified, body) } = options;
    this.#files.set(nameOf(path), { body, lastModified, etag });
  }

  remove(path: string): void {
    this.#files.delete(nameOf(path));
  }

  /** The number of requests for this file, in any encoding; of all requests if "*". */
  count(path = "*", method?: string): number {
    return this.requests.filter((request) =>
      (path === "*" || nameOf(request.path) === nameOf(path)) &&
      (method === undefined || request.method === method)
    ).length;
  }

  /** Resolves once `count` requests for the path (by default: any) have arrived, since the start. */
  waitForRequest(path = "*", count = 1): Promise<void> {
    return this.#waiters.until(() => this.count(path) >= count);
  }

  /** Resolves once clients have disconnected during `count` responses. */
  waitForAbandoned(count = 1): Promise<void> {
    return this.#waiters.until(() => this.abandoned >= count);
  }

  /** Resolves once no client is connected. */
  waitForNoConnections(): Promise<void> {
    return this.#waiters.until(() => this.#connections.size === 0);
  }

  /**
   * Orders a behaviour for the next `times` requests for a path, or for every path ("*"). Without
   * `times`, it applies to all requests after those. An order for a path wins over "*".
   */
  behave(path: string, behaviour: Behaviour | readonly Behaviour[], times?: number): void {
    const key = path === "*" ? path : nameOf(path);
    const queue = this.#queues.get(key) ?? new BehaviourQueue();
    this.#queues.set(key, queue);
    queue.add("kind" in behaviour ? [behaviour] : behaviour, times);
  }

  /** Drops every connection and stops listening: the next connect is refused. */
  async down(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    await this.#accepting;
    for (const connection of this.#connections.keys()) connection.close();
    await Promise.all(this.#connections.values());
  }

  /** Listens again, on the same port. */
  // deno-lint-ignore require-await
  async up(): Promise<void> {
    if (this.#listener !== undefined) return;
    this.#listen(Deno.listen({ hostname: "127.0.0.1", port: this.#port }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  #listen(listener: Deno.TcpListener): void {
    this.#listener = listener;
    this.#accepting = this.#accept(listener);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    for await (const accepted of listener) {
      const connection = new MirrorConnection(accepted, (count) => this.bytesSent += count);
      const served = connection.serve(
        (head) => this.#answer(head),
        () => {
          this.abandoned += 1;
          this.#waiters.notify();
        },
      ).finally(() => {
        this.#connections.delete(connection);
        this.#waiters.notify();
      });
      this.#connections.set(connection, served);
    }
  }

  #answer(head: RequestHead): Reply {
    this.requests.push({ ...head, time: performance.now() });
    const name = nameOf(head.path);
    const behaviours = this.#queues.get(name)?.take() ?? this.#queues.get("*")?.take() ?? [];
    const reply = replyTo(this.#files.get(name), head.headers, behaviours);
    this.#waiters.notify();
    return reply;
  }
}

/** The decoded path with one leading slash, the same for raw and percent-encoded spellings. */
function nameOf(path: string): string {
  const target = path.replace(/^https?:\/\/[^/]*/, "").replace(/\?.*$/, "");
  const rooted = target.startsWith("/") ? target : `/${target}`;
  try {
    return decodeURIComponent(rooted);
  } catch {
    return rooted;
  }
}

function nginxETag(lastModified: Date, body: Uint8Array): string {
  const seconds = Math.floor(lastModified.getTime() / 1000);
  return `"${seconds.toString(16)}-${body.length.toString(16)}"`;
}
