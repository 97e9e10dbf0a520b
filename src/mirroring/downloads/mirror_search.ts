import { startsWith } from "@std/bytes/starts-with";
import { parseContentRange } from "../../formats/http/range.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { MirrorRefusal, type MirrorResponse } from "../mirrors/mirror_response.ts";
import { isDifferent, type MirrorFailure, NoMirrorError } from "../mirrors/race.ts";
import { BEGINNING_BYTES, checkBeginning, checkLength, type ContentKind } from "./content_check.ts";
import { type FileIdentity, identityOf, ifRangeFor, vouchesFor } from "./file_identity.ts";

/** How many bytes before the seam another mirror must repeat. */
export const OVERLAP_BYTES = 64 * 1024;

export interface TransferRequest {
  repository: Repository;
  fileName: string;
  kind: ContentKind;
  /** Length of the file according to the database, in bytes, or null. */
  expectedSize: number | null;
  /** First byte wanted. */
  offset: number;
  /** Last byte wanted, inclusive; null for the end of the file. */
  last: number | null;
  /** The file to which the bytes before `offset` belong; null for a file taken from its start. */
  identity: FileIdentity | null;
  /**
   * Conditions on the first request to a mirror, such as If-None-Match. A 304 ends the transfer at
   * once.
   */
  conditionsFor?: (mirror: Mirror) => Record<string, string>;
  /** Ask only these mirrors. */
  only?: readonly Mirror[];
  /** Throws to refuse a mirror by its headers, for reasons of the caller. */
  vet?: (mirror: Mirror, headers: Headers) => void;
  /**
   * When a mirror must have begun to send, in milliseconds of `performance.now()`; by default,
   * `answerTimeoutMs` from now.
   */
  deadlineAt?: number;
  /** Whether a client waits for the first byte; see `MirrorRequest`. */
  isAwaited?: boolean;
  /** Called for each mirror that fails, lacks the file or has another one. */
  onFailure?: (failure: MirrorFailure) => void;
  /** Milliseconds without a byte from any mirror after which an open transfer is abandoned. */
  patienceMs: number;
  signal: AbortSignal;
}

/** The bytes that a transfer has received, to compare with another mirror's. */
export interface ReceivedBytes {
  /** Reads back `length` bytes from `position`; null if they are no longer available. */
  readBack(position: number, length: number): Promise<Uint8Array | null>;
  /** Whether every byte of the file from its start can be read back. */
  readonly reachesBackToStart: boolean;
  /**
   * Whether the bytes may be dropped, because no client has seen the length or date of their file.
   */
  readonly mayStartOver: boolean;
  /** Drops all bytes. */
  startOver(): Promise<void>;
}

/** Which mirrors to ask, and for how long. */
interface Question {
  /** See `TransferRequest`. */
  deadlineAt: number;
  isAwaited: boolean;
  waitsForRoom: boolean;
  only: readonly Mirror[] | undefined;
  signal: AbortSignal;
}

/** What to search for: the file `known`, or any if that is null, from `offset` on. */
interface Wanted {
  offset: number;
  known: FileIdentity | null;
  asked: Question;
}

/** A position at which another mirror may continue the file `known`. */
interface Seam {
  offset: number;
  known: FileIdentity;
  asked: Question;
}

/** The body of a mirror that continues a file. */
export interface Source {
  body: MirrorResponse;
  /** The file, as described by the mirror that began it. */
  identity: FileIdentity;
  /** Position in the file of the next byte of `body`. */
  offset: number;
}

/**
 * Finds a mirror that sends a file from a given byte on. A mirror that takes over midway must
 * report the same length and validators and repeat the bytes before the seam; if its validators
 * differ, it must repeat every byte received. One that does neither is skipped, so bytes of two
 * files are never joined.
 */
export class MirrorSearch {
  readonly #upstream: Upstream;
  readonly #request: TransferRequest;
  readonly #received: ReceivedBytes;
  /** Mirrors abandoned because they were slow: they are asked again only after all others. */
  readonly left = new Set<Mirror>();
  /** Mirrors whose bytes differ from those received. */
  readonly #refuted = new Set<Mirror>();

  constructor(upstream: Upstream, request: TransferRequest, received: ReceivedBytes) {
    this.#upstream = upstream;
    this.#request = request;
    this.#received = received;
  }

  /**
   * Finds the first mirror. Its status is 304 if its file is the one that the conditions describe.
   */
  async open(): Promise<Source> {
    const { offset, identity, isAwaited = false, only, signal } = this.#request;
    // One deadline for all requests that this takes.
    const deadlineAt = this.#request.deadlineAt ?? this.#upstream.deadline();
    // A small file is no burden.
    const waitsForRoom = this.#request.kind === "package";
    const asked = { deadlineAt, isAwaited, waitsForRoom, only, signal };
    return await this.#find({ offset, known: identity, asked });
  }

  /** Finds a mirror that can take over at `offset` until `deadlineAt`. */
  async resume(offset: number, identity: FileIdentity, deadlineAt: number): Promise<Source> {
    const { only, signal } = this.#request;
    const asked = { deadlineAt, isAwaited: false, waitsForRoom: false, only, signal };
    return await this.#find({ offset, known: identity, asked });
  }

  /**
   * Finds one of the mirrors `only` that can take over at `offset` while another one is still
   * sending.
   */
  async race(
    offset: number,
    identity: FileIdentity,
    { only, signal }: { only: readonly Mirror[]; signal: AbortSignal },
  ): Promise<Source> {
    const deadlineAt = this.#upstream.deadline();
    const asked = { deadlineAt, isAwaited: false, waitsForRoom: false, only, signal };
    const seam = { offset, known: identity, asked };
    try {
      return await this.#fromSeam(seam);
    } catch (error) {
      const isCheap = offset <= (identity.size ?? 0) / 2;
      if (!(error instanceof NoMirrorError) || !isCheap) throw error;
      return await this.#byRepetition(seam, error);
    }
  }

  /**
   * Skips what the first mirror of a race has sent since `source` was found, up to `offset`; throws
   * if the bytes differ.
   */
  async catchUp(source: Source, offset: number): Promise<void> {
    await this.#skipRepeated(source.body, source.offset, offset);
    source.offset = offset;
  }

  async #find(wanted: Wanted): Promise<Source> {
    const { offset, known, asked } = wanted;
    if (offset === 0 || known === null) return await this.#fromFirstByte(wanted);
    const seam = { offset, known, asked };
    try {
      return await this.#fromSeam(seam);
    } catch (error) {
      if (!(error instanceof NoMirrorError) || !error.failures.some(isDifferent)) throw error;
      if (!this.#received.mayStartOver) return await this.#byRepetition(seam, error);
      return await this.#startOver({ ...wanted, offset: 0, known: null });
    }
  }

  /** Takes the whole file from any mirror, and only then drops the bytes received. */
  async #startOver(wanted: Wanted): Promise<Source> {
    const source = await this.#fromFirstByte(wanted);
    try {
      await this.#received.startOver();
      return source;
    } catch (error) {
      source.body.close();
      throw error;
    }
  }

  /**
   * Takes the file from the first wanted byte, from any mirror, or from one that vouches for
   * `known`.
   */
  async #fromFirstByte(
    { offset, known, asked }: Wanted,
  ): Promise<Source> {
    const { kind, fileName, expectedSize, last, vet } = this.#request;
    // Once a mirror has begun to send, there is nothing to compare with.
    const conditionsFor = offset === 0 && known === null ? this.#request.conditionsFor : undefined;
    const range = offset > 0 || last !== null ? `bytes=${offset}-${last ?? ""}` : null;
    const sizeBy = (body: MirrorResponse) =>
      range === null || body.status === 304 ? wholeLength(body) : rangeLength(body, offset);
    const identityBy = (body: MirrorResponse) =>
      identityOf(body.headers, sizeBy(body) ?? expectedSize, body.mirror.name);
    const body = await this.#upstream.open({
      ...this.#target(asked),
      isConditional: conditionsFor !== undefined,
      headersFor: (mirror) => ({
        ...conditionsFor?.(mirror),
        ...(range === null ? {} : { "range": range }),
      }),
      accept: async (body) => {
        vet?.(body.mirror, body.headers);
        if (body.status === 304) return;
        checkLength({ kind, size: sizeBy(body), expectedSize });
        if (known !== null && !vouchesFor(known, identityBy(body))) throw differentFile();
        if (offset > 0) return;
        const isDescribed = expectedSize !== null;
        checkBeginning(kind, fileName, await body.peek(BEGINNING_BYTES), { isDescribed });
      },
    });
    return { body, identity: identityBy(body), offset };
  }

  /** Resumes from a mirror with the same validators that repeats the last bytes before the seam. */
  async #fromSeam({ offset, known, asked }: Seam): Promise<Source> {
    const { kind, expectedSize, last } = this.#request;
    const length = Math.min(OVERLAP_BYTES, offset);
    const before = await this.#received.readBack(offset - length, length) ?? new Uint8Array();
    const overlap = before.length;
    const start = offset - overlap;
    const body = await this.#upstream.open({
      ...this.#target(asked),
      headersFor: (mirror) => {
        const validator = ifRangeFor(known, mirror.name);
        return {
          "range": `bytes=${start}-${last ?? ""}`,
          ...(validator === null ? {} : { "if-range": validator }),
        };
      },
      accept: async (body) => {
        const { headers, mirror, status } = body;
        if (status !== 206) throw differentFile();
        const size = rangeLength(body, start);
        checkLength({ kind, size, expectedSize });
        if (!vouchesFor(known, identityOf(headers, size, mirror.name))) throw differentFile();
        if (!startsWith(await body.peek(overlap), before)) throw differentFile();
        body.skip(overlap);
      },
    });
    return { body, identity: known, offset };
  }

  /** Resumes from a mirror whose validators differ but which repeats every byte received. */
  async #byRepetition(
    { offset, known, asked }: Seam,
    cause: NoMirrorError,
  ): Promise<Source> {
    const { fileName, kind, expectedSize, last } = this.#request;
    const doubtful = cause.failures.filter(isDifferent).map(({ mirror }) => mirror)
      .filter((mirror) => !this.#refuted.has(mirror));
    if (last !== null || !this.#received.reachesBackToStart || doubtful.length === 0) throw cause;
    try {
      const body = await this.#upstream.open({
        ...this.#target({ ...asked, only: doubtful }),
        headersFor: () => ({}),
        accept: async (body) => {
          if (body.status !== 200) throw differentFile();
          const size = wholeLength(body);
          checkLength({ kind, size, expectedSize });
          if (known.size !== null && size !== null && size !== known.size) throw differentFile();
          await this.#skipRepeated(body, 0, offset);
        },
      });
      return { body, identity: known, offset };
    } catch (error) {
      if (!(error instanceof NoMirrorError)) throw error;
      for (const failure of error.failures.filter(isDifferent)) this.#refuted.add(failure.mirror);
      const others = cause.failures.filter((failure) => !isDifferent(failure));
      throw new NoMirrorError(fileName, [...others, ...error.failures], false);
    }
  }

  /**
   * Skips a body's bytes from `start` to `end` of the file; throws unless they equal those
   * received, as far as these are still available.
   */
  async #skipRepeated(body: MirrorResponse, start: number, end: number): Promise<void> {
    for (let position = start; position < end;) {
      const chunk = await body.peek(1);
      const length = Math.min(chunk.length, end - position);
      if (length === 0) throw differentFile();
      if (this.#received.reachesBackToStart) {
        const before = await this.#received.readBack(position, length);
        if (before === null || !startsWith(chunk, before)) throw differentFile();
      }
      body.skip(length);
      position += length;
    }
  }

  #target({ deadlineAt, isAwaited, waitsForRoom, only, signal }: Question) {
    const { repository, fileName, kind, onFailure } = this.#request;
    return {
      repository,
      fileName,
      ...(onFailure === undefined ? {} : { onFailure }),
      signal,
      deadlineAt,
      isAwaited,
      waitsForRoom,
      last: this.left,
      isQuick: kind === "signature",
      prefersCurrent: prefersCurrent(kind),
      ...(only === undefined ? {} : { only }),
    };
  }
}

/** Databases are requested from every mirror in turn, to learn which of them agree. */
export function prefersCurrent(kind: ContentKind): boolean {
  return kind !== "database";
}

function wholeLength(body: MirrorResponse): number | null {
  if (body.status !== 200 && body.status !== 304) throw differentFile();
  return body.length;
}

/** Length of the whole file, from the response to a range request that starts at `start`. */
function rangeLength(body: MirrorResponse, start: number): number {
  const contentRange = parseContentRange(body.headers.get("content-range"));
  if (body.status !== 206 || contentRange?.range?.start !== start || contentRange.total === null) {
    throw new MirrorRefusal("different", "did not send the requested range");
  }
  return contentRange.total;
}

function differentFile(): MirrorRefusal {
  return new MirrorRefusal("different", "cannot prove that it has the same file");
}
