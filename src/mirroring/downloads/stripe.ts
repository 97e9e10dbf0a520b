import { PkgstashError } from "../../errors.ts";
import { parseContentRange } from "../../formats/http/range.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal, type MirrorResponse } from "../mirrors/mirror_response.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import type { FileIdentity } from "./file_identity.ts";
import { MirrorSearch, type TransferRequest } from "./mirror_search.ts";

export interface StripeRequest extends Omit<TransferRequest, "only" | "last" | "identity"> {
  identity: FileIdentity;
  /** Last byte wanted, inclusive. */
  last: number;
  mirror: Mirror;
}

/**
 * A stretch of a file from one mirror, which must prove by its headers that it has the same file.
 * If it fails, the rest of the stretch is fetched like any other hole.
 */
export class Stripe {
  readonly mirror: Mirror;
  readonly #upstream: Upstream;
  readonly #request: StripeRequest;
  readonly #body: MirrorResponse;
  #left: number;

  private constructor(upstream: Upstream, request: StripeRequest, body: MirrorResponse) {
    this.mirror = body.mirror;
    this.#upstream = upstream;
    this.#request = request;
    this.#body = body;
    this.#left = request.last + 1 - request.offset;
  }

  static async open(upstream: Upstream, request: StripeRequest): Promise<Stripe> {
    const { last, mirror } = request;
    const search = new MirrorSearch(upstream, { ...request, isAwaited: false, only: [mirror] }, {
      reachesBackToStart: false,
      mayStartOver: false,
      // The bytes before it came from other mirrors, or are not there yet.
      readBack: () => Promise.resolve(null),
      startOver: () =>
        Promise.reject(new Error("Cannot restart: clients already have these bytes.")),
    });
    const { body } = await search.open();
    const end = parseContentRange(body.headers.get("content-range"))?.range?.end;
    if (end === last) return new Stripe(upstream, request, body);
    body.close();
    throw new MirrorRefusal("different", "did not send the requested range");
  }

  /** The next bytes, valid until the next call; null after the last one. */
  async read(): Promise<Uint8Array | null> {
    try {
      const chunk = await this.#body.read();
      const isWrong = chunk === null ? this.#left > 0 : chunk.length > this.#left;
      if (isWrong) {
        throw new PkgstashError(
          "upstream",
          "sent a number of bytes that differs from its Content-Length",
        );
      }
      if (chunk === null) this.mirror.health.recordSuccess();
      this.#left -= chunk?.length ?? 0;
      return chunk;
    } catch (error) {
      this.close();
      const { mirror } = this;
      if (!this.#request.signal.aborted) {
        this.#upstream.recordFailure({ mirror, error }, this.#request);
      }
      throw error;
    }
  }

  close(): void {
    this.#body.close();
  }
}
