import { createHash } from "node:crypto";
import { reasonOf } from "../../src/errors.ts";
import type { OriginalFile } from "./catalogue.ts";

/** What a client got for one request, measured at its own end. Times are milliseconds. */
export interface Receipt {
  client: string;
  file: OriginalFile;
  /** 0 when there was no answer. */
  status: number;
  /** X-Cache of the answer; null without one. */
  cache: string | null;
  /** Body bytes that arrived. */
  bytes: number;
  /** From asking to the first byte of the body; null when none came. */
  firstByteAfter: number | null;
  duration: number;
  /** The longest time between two pieces of the body. */
  longestSilence: number;
  /** `left`: the client went away on purpose; `broken`: the answer did not come to its end. */
  end: "complete" | "left" | "broken";
  /** Why it broke. */
  reason: string | null;
  /** Whether these are the original's bytes by SHA-256; those of its beginning unless complete. */
  isRight: boolean;
}

export interface RequestOptions {
  /** Reads no faster than this. */
  bytesPerSecond?: number;
  /** Goes away once so many bytes have come. */
  leaveAfter?: number;
  /** Told when the first byte is there. */
  onFirstByte?: (receipt: Receipt) => void;
}

/** A machine that downloads over HTTP as pacman does, with connections of its own. */
export class Client implements Disposable {
  readonly #http = Deno.createHttpClient({});

  constructor(
    readonly name: string,
    /** Root of the mirror that it uses, without a slash at the end. */
    private readonly mirrorUrl: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Downloads a file and compares it with the original; a failure is told in the receipt. */
  async get(file: OriginalFile, options: RequestOptions = {}): Promise<Receipt> {
    const receipt = emptyReceipt(this.name, file);
    const hash = createHash("sha256");
    const asked = performance.now();
    const departure = new AbortController();
    try {
      const response = await fetch(this.mirrorUrl + file.path, {
        client: this.#http,
        // As pacman: the file's own bytes, whatever a server could compress.
        headers: { "accept-encoding": "identity" },
        signal: AbortSignal.any([this.signal, departure.signal]),
      });
      receipt.status = response.status;
      receipt.cache = response.headers.get("x-cache");
      let last = asked;
      for await (const chunk of response.body ?? []) {
        const now = performance.now();
        hash.update(chunk);
        receipt.bytes += chunk.length;
        if (receipt.firstByteAfter === null) {
          receipt.firstByteAfter = now - asked;
          options.onFirstByte?.(receipt);
        } else receipt.longestSilence = Math.max(receipt.longestSilence, now - last);
        if (options.leaveAfter !== undefined && receipt.bytes >= options.leaveAfter) {
          receipt.end = "left";
          break;
        }
        await this.#rest(receipt.bytes, asked, options.bytesPerSecond);
        last = performance.now();
      }
      if (receipt.end !== "left") receipt.end = "complete";
    } catch (error) {
      receipt.reason = reasonOf(error);
    }
    departure.abort();
    receipt.duration = performance.now() - asked;
    const expected = receipt.end === "complete"
      ? file.bytes
      : file.bytes.subarray(0, receipt.bytes);
    receipt.isRight = receipt.status === 200 && receipt.bytes === expected.length &&
      hash.digest("hex") === createHash("sha256").update(expected).digest("hex");
    return receipt;
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }

  /** Waits until so many bytes are due at this speed. */
  async #rest(bytes: number, since: number, bytesPerSecond = Infinity): Promise<void> {
    const due = since + bytes / bytesPerSecond * 1000 - performance.now();
    if (due > 1 && !this.signal.aborted) await new Promise((done) => setTimeout(done, due));
  }
}

function emptyReceipt(client: string, file: OriginalFile): Receipt {
  return {
    client,
    file,
    status: 0,
    cache: null,
    bytes: 0,
    firstByteAfter: null,
    duration: 0,
    longestSilence: 0,
    end: "broken",
    reason: null,
    isRight: false,
  };
}
