import { createHash } from "node:crypto";
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { reasonOf } from "../../src/errors.ts";
import { sha256Of } from "../support/sha256.ts";
import type { CatalogueFile } from "./catalogue.ts";

/** A client's measurements of one request. */
export interface Receipt {
  client: string;
  file: CatalogueFile;
  /** 0 without a response. */
  status: number;
  /** The response's X-Cache; null without one. */
  cache: string | null;
  /** Body bytes received. */
  bytes: number;
  /** From the request to the first byte of the body; null if none arrived. */
  firstByteMs: number | null;
  durationMs: number;
  /** The longest time between two chunks of the body. */
  longestPauseMs: number;
  /** `left`: the client disconnected on purpose; `broken`: the response ended early. */
  end: "complete" | "left" | "broken";
  /** Why it broke; null otherwise. */
  reason: string | null;
  /** Whether the SHA-256 is that of the file, or of as much of it as the client received. */
  isRight: boolean;
}

export interface RequestOptions {
  /** Reads no faster than this. */
  bytesPerSecond?: number;
  /** Reads the second half only after this. Must not reject. */
  secondHalfAfter?: Promise<unknown>;
  /** Disconnects after this many bytes. */
  leaveAfterBytes?: number;
  onFirstByte?: (receipt: Receipt) => void;
}

/** A machine that downloads over HTTP as pacman does, with its own connections. */
export class Client implements Disposable {
  readonly #name: string;
  readonly #mirrorUrl: string;
  readonly #signal: AbortSignal;
  readonly #http = Deno.createHttpClient({});

  /** `mirrorUrl` has no slash at the end. Aborting the signal breaks off all downloads. */
  constructor(name: string, mirrorUrl: string, signal: AbortSignal) {
    this.#name = name;
    this.#mirrorUrl = mirrorUrl;
    this.#signal = signal;
  }

  /** Downloads a file and checks its content. Never throws: the receipt has the failure. */
  async get(file: CatalogueFile, options: RequestOptions = {}): Promise<Receipt> {
    const receipt = emptyReceipt(this.#name, file);
    const hash = createHash("sha256");
    const requestedAt = performance.now();
    const departure = new AbortController();
    try {
      const response = await fetch(this.#mirrorUrl + file.path, {
        client: this.#http,
        // Like pacman, which never asks for compression.
        headers: { "accept-encoding": "identity" },
        signal: AbortSignal.any([this.#signal, departure.signal]),
      });
      receipt.status = response.status;
      receipt.cache = response.headers.get("x-cache");
      let last = requestedAt;
      for await (const chunk of response.body ?? []) {
        const now = performance.now();
        hash.update(chunk);
        receipt.bytes += chunk.length;
        if (receipt.firstByteMs === null) {
          receipt.firstByteMs = now - requestedAt;
          options.onFirstByte?.(receipt);
        } else receipt.longestPauseMs = Math.max(receipt.longestPauseMs, now - last);
        if (options.leaveAfterBytes !== undefined && receipt.bytes >= options.leaveAfterBytes) {
          receipt.end = "left";
          break;
        }
        if (receipt.bytes > file.bytes.length / 2 && options.secondHalfAfter !== undefined) {
          await abortable(options.secondHalfAfter, this.#signal);
        }
        await this.#pace(receipt.bytes, requestedAt, options.bytesPerSecond);
        last = performance.now();
      }
      if (receipt.end !== "left") receipt.end = "complete";
    } catch (error) {
      receipt.reason = reasonOf(error);
    }
    departure.abort();
    receipt.durationMs = performance.now() - requestedAt;
    const expected = receipt.end === "complete"
      ? file.bytes
      : file.bytes.subarray(0, receipt.bytes);
    receipt.isRight = receipt.status === 200 && receipt.bytes === expected.length &&
      hash.digest("hex") === sha256Of(expected);
    return receipt;
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }

  /** Waits until this many bytes are due at this speed. */
  async #pace(bytes: number, since: number, bytesPerSecond = Infinity): Promise<void> {
    const pauseMs = since + bytes / bytesPerSecond * 1000 - performance.now();
    if (pauseMs > 1) await delay(pauseMs, { signal: this.#signal });
  }
}

function emptyReceipt(client: string, file: CatalogueFile): Receipt {
  return {
    client,
    file,
    status: 0,
    cache: null,
    bytes: 0,
    firstByteMs: null,
    durationMs: 0,
    longestPauseMs: 0,
    end: "broken",
    reason: null,
    isRight: false,
  };
}
