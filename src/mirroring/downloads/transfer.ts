import type { Repository } from "../../repositories/repository.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { parseContentRange } from "../../formats/http/content_range.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { isDifferent, isMissing, NoMirrorError } from "../mirrors/race.ts";
import { MirrorRefusal, type MirrorResponse } from "../mirrors/mirror_response.ts";
import {
  BEGINNING,
  checkBeginning,
  checkHasEnd,
  checkHeaders,
  type ContentKind,
  largestOf,
} from "./content_check.ts";
import { type FileIdentity, identityOf, ifRangeFor, vouchesFor } from "./file_identity.ts";
import type { Upstream } from "../mirrors/upstream.ts";

/** How many bytes before the seam another mirror must repeat, letter for letter. */
const OVERLAP = 64 * 1024;
/** Between two rounds in which no mirror could go on. */
const PAUSE = 500;
/** Enough for any honest file, and an end for mirrors that cut every few bytes. */
const MOST_SEAMS = 100;

export interface TransferRequest {
  repository: Repository;
  fileName: string;
  kind: ContentKind;
  /** Length that the database gives, in bytes, or null. */
  expectedSize: number | null;
  /** First byte wanted. */
  offset: number;
  /** Last byte wanted, inclusive; null for the end of the file. */
  last: number | null;
  /** Whose bytes precede `offset`; null when the file is taken from its start. */
  identity: FileIdentity | null;
  /** If-Modified-Since for the first request, or null; a 304 ends the transfer at once. */
  ifModifiedSince: string | null;
  /** Ask only these mirrors. */
  only?: readonly Mirror[];
  /** Refuses a mirror for reasons of the caller's, by its headers. */
  vet?: (mirror: Mirror, headers: Headers) => void;
  /** Milliseconds without a byte from anywhere after which a begun transfer is given up. */
  patience: number;
  signal: AbortSignal;
}

/** The bytes of a transfer that have already been taken, for comparison with another mirror's. */
export interface BytesSoFar {
  /** Reads back `length` bytes from `position`; null when they are no longer at hand. */
  readBack(position: number, length: number): Promise<Uint8Array | null>;
  /** Whether the bytes may be thrown away: nobody has been told of them yet. */
  readonly mayStartOver: boolean;
  /** Throws all bytes away. */
  startOver(): Promise<void>;
  /** Whether every byte of the file up to here can be read back. */
  readonly reachesBackToStart: boolean;
}

/**
 * The bytes of one file, from whichever mirrors can prove that they have the same one. A mirror
 * that takes over midway must name the same length and validators and repeat the bytes before the
 * seam; one whose validators differ must repeat everything so far. One that does neither is
 * passed over, so bytes of two files are never joined.
 */
export class Transfer {
  #identity: FileIdentity | null;
  #offset: number;
  #body: MirrorResponse | null = null;
  /** Mirrors whose bytes so far were seen to be others. */
  readonly #refuted = new Set<Mirror>();
  #seams = 0;
  #lastSeam = -1;

  constructor(
    private readonly access: Upstream,
    private readonly request: TransferRequest,
    private readonly soFar: BytesSoFar,
  ) {
    this.#identity = request.identity;
    this.#offset = request.offset;
  }

  /** The file's identity as of the mirror that began it. */
  get identity(): FileIdentity | null {
    return this.#identity;
  }

  /** Position of the next byte in the file. */
  get offset(): number {
    return this.#offset;
  }

  /** The mirror that sends, or sent last. */
  get mirror(): Mirror | null {
    return this.#body?.mirror ?? null;
  }

  /** Finds a mirror that sends; `unchanged` when the condition held, and then it is over. */
  async open(): Promise<"open" | "unchanged"> {
    this.#body = await this.#begin();
    return this.#body.status === 304 ? "unchanged" : "open";
  }

  /** The next bytes, from one mirror or another, or null after the last one. */
  async read(): Promise<Uint8Array | null> {
    const silentSince = performance.now();
    for (let failures = 0;; failures++) {
      const body = this.#body!;
      try {
        if (!this.#reachedEnd()) {
          const chunk = await body.read();
          if (chunk !== null) return this.#take(chunk);
        }
        this.#checkEnd();
        // Read to its very end, the connection can be used again.
        if (body.length !== null && this.request.last === null) await body.read();
        body.close();
        body.mirror.health.succeeded();
        return null;
      } catch (error) {
        const { fileName, patience, signal } = this.request;
        body.close();
        signal.throwIfAborted();
        this.access.failed({ mirror: body.mirror, error }, fileName);
        // What came before the surplus is no better.
        if (error instanceof PkgstashError && error.kind === "content") throw error;
        if (failures > 0 && performance.now() - silentSince > patience) {
          throw this.#brokenOff(error, error);
        }
        await this.#continue(silentSince, error);
      }
    }
  }

  close(): void {
    this.#body?.close();
  }

  #take(chunk: Uint8Array): Uint8Array {
    const { fileName, kind, last } = this.request;
    const wanted = last === null ? chunk : chunk.subarray(0, last + 1 - this.#offset);
    const end = this.#offset + wanted.length;
    const size = this.#identity?.size ?? Infinity;
    const largest = Math.min(size, largestOf(kind));
    if (end > largest) {
      throw new PkgstashError("content", `${fileName} goes on after its ${largest} bytes`);
    }
    this.#offset = end;
    return wanted;
  }

  #reachedEnd(): boolean {
    const { last } = this.request;
    return last !== null ? this.#offset > last : this.#offset === this.#identity?.size;
  }

  #checkEnd(): void {
    const size = this.#identity?.size ?? null;
    const end = this.request.last !== null ? this.request.last + 1 : size;
    if (end !== null && this.#offset !== end) {
      throw new PkgstashError("upstream", `ended ${end - this.#offset} bytes early`);
    }
  }

  /** Keeps asking until a mirror can go on from here, or patience has run out. */
  async #continue(silentSince: number, cause: unknown): Promise<void> {
    const { patience, signal } = this.request;
    const stuck = this.#lastSeam === this.#offset;
    this.#lastSeam = this.#offset;
    for (let pause = stuck;; pause = true) {
      if (pause) await this.#pause();
      signal.throwIfAborted();
      try {
        this.#body = await this.#begin();
        this.#seams++;
        return;
      } catch (error) {
        signal.throwIfAborted();
        const hopeless = performance.now() - silentSince + PAUSE > patience ||
          this.#seams > MOST_SEAMS || !(error instanceof NoMirrorError) ||
          error.failures.every((failure) => isDifferent(failure) || isMissing(failure));
        if (hopeless) throw this.#brokenOff(cause, error);
      }
    }
  }

  #brokenOff(cause: unknown, error: unknown): PkgstashError {
    return new PkgstashError(
      "upstream",
      `${this.request.fileName} broke off at byte ${this.#offset} (${reasonOf(cause)}), ` +
        `and no mirror can go on with it: ${reasonOf(error)}`,
      { cause: error },
    );
  }

  /** Ends early when the transfer is stopped. */
  async #pause(): Promise<void> {
    const { signal } = this.request;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PAUSE);
    const stop = () => resolve();
    signal.addEventListener("abort", stop);
    await promise;
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
  }

  /** A body whose next byte is the one at `offset`. */
  async #begin(): Promise<MirrorResponse> {
    if (this.#offset === 0 || this.#identity === null) return await this.#fromStart();
    try {
      return await this.#fromSeam();
    } catch (error) {
      if (!(error instanceof NoMirrorError) || !error.failures.some(isDifferent)) throw error;
      return this.soFar.mayStartOver ? await this.#anew() : await this.#byRepetition(error);
    }
  }

  /** Takes the whole file again, and gives up the bytes so far if a mirror sends it. */
  async #anew(): Promise<MirrorResponse> {
    const before = { offset: this.#offset, identity: this.#identity };
    this.#offset = 0;
    this.#identity = null;
    try {
      const body = await this.#fromStart();
      await this.soFar.startOver();
      return body;
    } catch (error) {
      this.#offset = before.offset;
      this.#identity = before.identity;
      throw error;
    }
  }

  /** Takes the file from the first byte wanted, from any mirror. */
  async #fromStart(): Promise<MirrorResponse> {
    const { kind, fileName, expectedSize, last, ifModifiedSince, vet } = this.request;
    const offset = this.#offset;
    const range = offset > 0 || last !== null ? `bytes=${offset}-${last ?? ""}` : null;
    const known = this.#identity;
    const identities = new Map<MirrorResponse, FileIdentity>();
    const body = await this.access.open({
      ...this.#target(),
      conditional: ifModifiedSince !== null,
      headersFor: () => ({
        ...(ifModifiedSince === null ? {} : { "if-modified-since": ifModifiedSince }),
        ...(range === null ? {} : { "range": range }),
      }),
      accept: async (body) => {
        vet?.(body.mirror, body.headers);
        if (body.status === 304) return;
        const size = range === null ? wholeLength(body) : rangeLength(body, offset);
        checkHeaders(kind, body.headers, size, expectedSize);
        checkHasEnd(kind, body.headers, size, expectedSize);
        const identity = identityOf(body.headers, size ?? expectedSize, body.mirror.name);
        if (known !== null && !vouchesFor(known, identity)) throw differentFile();
        if (offset === 0) checkBeginning(kind, fileName, await body.peek(BEGINNING));
        identities.set(body, identity);
      },
    });
    this.#identity = identities.get(body) ?? null;
    return body;
  }

  /** Goes on from a mirror with the same validators that repeats the last bytes before the seam. */
  async #fromSeam(): Promise<MirrorResponse> {
    const known = this.#identity!;
    const length = Math.min(OVERLAP, this.#offset);
    const before = await this.soFar.readBack(this.#offset - length, length) ?? new Uint8Array();
    const overlap = before.length;
    const start = this.#offset - overlap;
    const { kind, expectedSize, last } = this.request;
    return await this.access.open({
      ...this.#target(),
      headersFor: (mirror) => {
        const validator = ifRangeFor(known, mirror.name);
        return {
          "range": `bytes=${start}-${last ?? ""}`,
          ...(validator === null ? {} : { "if-range": validator }),
        };
      },
      accept: async (body) => {
        if (body.status !== 206) throw differentFile();
        const size = rangeLength(body, start);
        checkHeaders(kind, body.headers, size, expectedSize);
        const answer = identityOf(body.headers, size, body.mirror.name);
        if (!vouchesFor(known, answer)) throw differentFile();
        const repeated = await body.peek(overlap);
        if (!startsWith(repeated, before)) throw differentFile();
        body.skip(overlap);
      },
    });
  }

  /** Goes on from a mirror whose validators differ but which repeats every byte so far. */
  async #byRepetition(cause: NoMirrorError): Promise<MirrorResponse> {
    const { fileName, kind, expectedSize, last } = this.request;
    const doubtful = cause.failures.filter(isDifferent).map(({ mirror }) => mirror)
      .filter((mirror) => !this.#refuted.has(mirror));
    if (last !== null || !this.soFar.reachesBackToStart || doubtful.length === 0) throw cause;
    const known = this.#identity!;
    const position = this.#offset;
    return await this.access.open({
      ...this.#target(),
      only: doubtful,
      headersFor: () => ({}),
      accept: async (body) => {
        if (body.status !== 200) throw differentFile();
        const size = wholeLength(body);
        checkHeaders(kind, body.headers, size, expectedSize);
        if (known.size !== null && size !== null && size !== known.size) throw differentFile();
        for (let compared = 0; compared < position;) {
          const chunk = await body.peek(1);
          const length = Math.min(chunk.length, position - compared);
          if (length === 0) throw differentFile();
          const before = await this.soFar.readBack(compared, length);
          if (before === null || !startsWith(chunk, before)) throw differentFile();
          body.skip(length);
          compared += length;
        }
      },
    }).catch((error) => {
      if (!(error instanceof NoMirrorError)) throw error;
      for (const failure of error.failures.filter(isDifferent)) this.#refuted.add(failure.mirror);
      const others = cause.failures.filter((failure) => !isDifferent(failure));
      throw new NoMirrorError(fileName, [...others, ...error.failures], false);
    });
  }

  #target() {
    const { repository, fileName, kind, only, signal } = this.request;
    return {
      repository,
      fileName,
      signal,
      quick: kind === "signature",
      // Databases are asked of every mirror in turn, to learn which of them agree.
      byAgreement: kind !== "database",
      ...(only === undefined ? {} : { only }),
    };
  }
}

function wholeLength(body: MirrorResponse): number | null {
  if (body.status !== 200 && body.status !== 304) throw differentFile();
  return body.length;
}

/** The whole file's length by an answer to a range request that starts at `start`. */
function rangeLength(body: MirrorResponse, start: number): number {
  const answer = parseContentRange(body.headers.get("content-range"));
  if (body.status !== 206 || answer?.range?.start !== start || answer.total === null) {
    throw new MirrorRefusal("different", "did not answer the range that was asked for");
  }
  return answer.total;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let index = 0; index < prefix.length; index++) {
    if (bytes[index] !== prefix[index]) return false;
  }
  return true;
}

function differentFile(): MirrorRefusal {
  return new MirrorRefusal("different", "cannot prove that it has the same file");
}
