import { createHash, type Hash } from "node:crypto";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import { parseRange } from "../../formats/http/range.ts";
import { contentTypeOf, responseHead } from "../../formats/http/representation.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import { CACHE_STATUS_HEADER, type CacheStatus } from "../../repositories/send_file.ts";
import { countedWhileSent, type Traffic } from "../../repositories/traffic.ts";
import type { FileIdentity } from "../downloads/file_identity.ts";
import type { TransferRequest } from "../downloads/mirror_search.ts";
import type { Continuation } from "../downloads/part_reader.ts";
import { openPassThrough, type PassThrough } from "../downloads/pass_through.ts";
import type { Upstream } from "../mirrors/upstream.ts";

export interface PastCacheOptions
  extends Pick<TransferRequest, "repository" | "fileName" | "kind" | "patienceMs"> {
  upstream: Upstream;
  traffic: Traffic;
  /** The client's address. */
  client: string;
  /** What the bytes are counted as. */
  countedAs: string;
  /** What the served database says about the file; null if it does not list it. */
  expectation: Expectation | null;
  /** Called with the number of bytes of a refused beginning. */
  onRefused: (count: number) => void;
}

/** Where in a file to begin, and what is known about it. */
interface Place {
  /** Called with the number of bytes handed out. */
  onSent?: (count: number) => void;
  offset: number;
  /** Inclusive; null for the end. */
  last: number | null;
  identity: FileIdentity | null;
  /** Hash of all bytes before `offset`, or null. */
  hash: Hash | null;
  deadlineAt?: number;
}

/** A file for a client, bypassing the cache, which cannot store it. */
export class PastCache {
  readonly #options: PastCacheOptions;

  constructor(options: PastCacheOptions) {
    this.#options = options;
  }

  /** Answers a GET or HEAD by `deadlineAt`, in milliseconds of the monotonic clock. */
  async respond(request: Request, deadlineAt: number): Promise<Response> {
    const { expectation, fileName } = this.#options;
    const size = expectation?.size ?? null;
    // The answer to If-Range needs the file's validators, which only the mirror knows.
    const isPart = size !== null && !request.headers.has("if-range");
    const wanted = isPart ? parseRange(request.headers.get("range"), size) : null;
    const range = wanted === "unsatisfiable" ? null : wanted;
    let sent = 0;
    const passed = await this.#open({
      onSent: (count) => sent += count,
      offset: range?.start ?? 0,
      last: range === null || range.end + 1 === size ? null : range.end,
      identity: null,
      hash: (range?.start ?? 0) === 0 ? createHash("sha256") : null,
      deadlineAt,
    });
    const headers = new Headers(request.headers);
    if (wanted === null) headers.delete("range");
    const head = responseHead(new Request(request.url, { method: request.method, headers }), {
      size: passed.identity.size,
      lastModified: parseHttpDate(passed.identity.lastModified ?? ""),
      etag: null,
      contentType: contentTypeOf(fileName),
    });
    head.headers.set(CACHE_STATUS_HEADER, "PASS" satisfies CacheStatus);
    const init = { status: head.status, headers: head.headers };
    if (request.method === "GET" && head.status < 300) {
      return countedWhileSent(new Response(passed.body, init), () => sent);
    }
    await passed.body.cancel();
    return new Response(null, init);
  }

  /** Opens the rest of a file that clients have begun to read. */
  rest(identity: FileIdentity): (last: number | null) => Continuation {
    return (last) => async (offset, hash) =>
      (await this.#open({ offset, last, identity, hash })).body;
  }

  async #open({ onSent, ...place }: Place): Promise<PassThrough> {
    const { upstream, expectation, traffic, client, countedAs, ...request } = this.#options;
    const delivery = { client, directory: countedAs, isSaved: false };
    return await openPassThrough(upstream, {
      ...request,
      ...place,
      expectedSize: place.identity?.size ?? expectation?.size ?? null,
      sha256: expectation?.sha256 ?? null,
      onBytes: (count) => {
        traffic.addBytesFetched(count, countedAs);
        traffic.addBytesServed(count, delivery);
        onSent?.(count);
      },
    });
  }
}
