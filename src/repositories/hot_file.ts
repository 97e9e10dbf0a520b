import { equals } from "@std/bytes/equals";
import { type Representation, responseHead } from "../formats/http/representation.ts";
import { keyOf, type RepositoryFile } from "./repository.ts";
import { withSentBytes } from "./traffic.ts";
import { CACHE_STATUS_HEADER, type CacheStatus, MAX_BYTES_IN_MEMORY } from "./send_file.ts";

/** The cheapest block size to stream; smaller and larger ones cost more CPU time. */
const BLOCK_BYTES = 256 * 1024;
/** Memory per file besides its content: responses, headers, keys. */
const OVERHEAD_BYTES = 4 * 1024;

/** Headers that request less than the whole file, or nothing if the client has the same one. */
const UNUSUAL_HEADERS = ["range", "if-match", "if-range", "if-unmodified-since"];

/** The outcome of a response, for the log. */
interface Outcome {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly cache: CacheStatus;
  readonly bytes: number;
}

/**
 * A cached file with the responses to plain requests for it, made once: the same ones that
 * `sendFile` would make with the status HIT.
 */
export class HotFile {
  /** What clients call it. */
  readonly file: RepositoryFile;
  readonly path: string;
  readonly size: number;
  readonly lastModified: Date | null;
  /** When it was last known to match the disk, by `performance.now()`. */
  seenAt: number;
  /** How often it has been sent from disk. */
  sentFromDisk = 0;
  /** The URLs under which it is known. */
  readonly urls: string[] = [];
  readonly #inode: number | null;
  readonly #etag: string | null;
  readonly #lastModified: string | null;
  readonly #head: Response;
  readonly #notModified: Response;
  /** The response to a GET of a small file, to be cloned, since a body can be sent only once. */
  #whole: Response | null = null;
  #wholeBytes: Uint8Array | null = null;
  /** The content of a larger file. Immutable, so any number of responses may share it. */
  #blocks: readonly Uint8Array<ArrayBuffer>[] | null = null;
  readonly #outcomes: Outcome[] = [];

  constructor(
    { file, path, info, representation, seenAt }: {
      file: RepositoryFile;
      path: string;
      info: Deno.FileInfo;
      representation: Representation;
      seenAt: number;
    },
  ) {
    const { etag, lastModified } = representation;
    this.file = file;
    this.path = path;
    this.size = info.size;
    this.lastModified = lastModified;
    this.seenAt = seenAt;
    this.#inode = info.ino;
    this.#etag = etag;
    this.#head = responseTo(new Headers(), representation);
    this.#lastModified = this.#head.headers.get("last-modified");
    this.#notModified = responseTo(
      new Headers({ "if-none-match": etag ?? "*" }),
      representation,
    );
  }

  /** Minimum memory use in bytes. */
  get memory(): number {
    return OVERHEAD_BYTES + (this.hasContent ? this.size : 0);
  }

  /** Whether a GET can be answered. */
  get hasContent(): boolean {
    return this.#whole !== null || this.#blocks !== null;
  }

  /** Whether this is still the file that `info` describes. */
  isAt({ size, mtime, ino }: Deno.FileInfo): boolean {
    const time = mtime?.getTime() ?? 0;
    return size === this.size && ino === this.#inode &&
      time === (this.lastModified?.getTime() ?? 0);
  }

  /** Whether it is small and has this content. */
  isContent(bytes: Uint8Array): boolean {
    return this.#wholeBytes !== null && equals(this.#wholeBytes, bytes);
  }

  /** Takes the whole content, which must not change any more. */
  hold(content: Uint8Array<ArrayBuffer>): void {
    if (content.length <= MAX_BYTES_IN_MEMORY) {
      const headers = new Headers(this.#head.headers);
      // Deno sets it from the body.
      headers.delete("content-length");
      this.#whole = new Response(content, { headers });
      this.#wholeBytes = content;
      return;
    }
    this.#blocks = Array.from(
      { length: Math.ceil(content.length / BLOCK_BYTES) },
      (_, index) => content.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES),
    );
  }

  /**
   * Responds to a GET or HEAD without conditions, or with conditions that match this file exactly;
   * null for any other request. The response may be shared, so its headers must not be changed.
   */
  respond({ method, headers }: Request): Response | null {
    if (method !== "GET" && method !== "HEAD") return null;
    for (const name of UNUSUAL_HEADERS) if (headers.has(name)) return null;
    const etag = headers.get("if-none-match");
    const date = headers.get("if-modified-since");
    if (etag !== null && etag !== this.#etag) return null;
    if (date !== null && date !== this.#lastModified) return null;
    if (etag !== null || date !== null) return this.#notModified;
    if (method === "HEAD") return this.#head;
    if (this.#whole !== null) return this.#whole.clone();
    if (this.#blocks === null) return null;
    return responseOf(this.#blocks, this.#head.headers);
  }

  /** What is recorded about a response: a frozen object, shared by all that are alike. */
  outcomeOf(method: string, status: number): Outcome {
    const known = this.#outcomes.find((one) => one.status === status && one.method === method);
    if (known !== undefined) return known;
    const bytes = status === 200 && method === "GET" ? this.size : 0;
    const outcome = { method, path: `/${keyOf(this.file)}`, status, cache: "HIT", bytes } as const;
    this.#outcomes.push(Object.freeze(outcome));
    return outcome;
  }
}

/** A response without body, which can be sent any number of times. */
function responseTo(conditions: Headers, representation: Representation): Response {
  const request = new Request("http://localhost/", { method: "HEAD", headers: conditions });
  const { status, headers } = responseHead(request, representation);
  headers.set(CACHE_STATUS_HEADER, "HIT" satisfies CacheStatus);
  return new Response(null, { status, headers });
}

function responseOf(blocks: readonly Uint8Array<ArrayBuffer>[], headers: Headers): Response {
  let next = 0;
  let sent = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const block = blocks[next++];
      if (block !== undefined) {
        controller.enqueue(block);
        sent += block.length;
      }
      if (next >= blocks.length) controller.close();
    },
  }, { highWaterMark: 0 });
  return withSentBytes(new Response(body, { headers }), () => sent);
}
