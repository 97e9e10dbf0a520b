import { equals } from "@std/bytes/equals";
import { basename } from "@std/path";
import { PkgstashError } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { FileIdentity } from "./file_identity.ts";
import type { Origin, Origins } from "./origins.ts";
import type { PartFile } from "./part_file.ts";
import { fill } from "../../platform/files/fill.ts";

const log = eventLogger("download");

/** How much to compare or copy at a time. */
const STEP_BYTES = 256 * 1024;

/** A complete file that came from several mirrors and is wrong. */
export class MixedFileError extends PkgstashError {
  constructor(message: string, readonly origins: Origins) {
    super("content", message);
  }
}

export interface OneMirror<T> {
  identity: FileIdentity;
  /** Where to put the right file. */
  finalPath: string;
  /** Fetches what the part lacks from this mirror alone, and verifies the whole. */
  receive: (mirror: Mirror) => Promise<T>;
  /** Called with each mirror whose bytes differ from the right file. */
  onWrong: (mirror: Mirror) => void;
  signal: AbortSignal;
}

/**
 * Replaces a wrong file that several mirrors sent together with the file of one of them after
 * another, until it is right. Bytes already received from that mirror are not fetched again. A
 * mirror that agrees with all others is itself in doubt: then the next one sends all of its bytes.
 */
export async function fetchFromOne<T>(
  part: PartFile,
  cause: MixedFileError,
  { identity, finalPath, receive, onWrong, signal }: OneMirror<T>,
): Promise<T> {
  log.warn("wrong file from several mirrors, fetching it from one", {
    file: basename(finalPath),
    mirrors: cause.origins.mirrors.map(({ name }) => name).join(", "),
  });
  using mixed = await MixedFile.open(part.path, cause.origins);
  let doubted: Mirror | null = null;
  for (const mirror of cause.origins.mirrors) {
    const kept = (sender: Mirror) => doubted === null ? sender === mirror : sender !== doubted;
    await part.clear();
    part.setIdentity(identity);
    await mixed.copyTo(part, kept);
    try {
      const received = await receive(mirror);
      for (const wrong of await mixed.mirrorsUnlike(finalPath)) onWrong(wrong);
      return received;
    } catch (error) {
      signal.throwIfAborted();
      const { kind } = error instanceof PkgstashError ? error : { kind: "storage" };
      if (kind === "storage") throw error;
      const isAgreed = kind === "content" && (await mixed.mirrorsUnlike(part.path)).size === 0;
      // Every byte came from two mirrors: another one will not differ either.
      if (isAgreed && doubted !== null) throw error;
      doubted = isAgreed ? mirror : null;
    }
  }
  throw cause;
}

/**
 * The wrong file that several mirrors sent together. It stays open while the file is fetched from
 * one of them, because a comparison then tells who sent wrong bytes.
 */
class MixedFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #origins: Origins;

  private constructor(file: Deno.FsFile, origins: Origins) {
    this.#file = file;
    this.#origins = origins;
  }

  static async open(path: string, origins: Origins): Promise<MixedFile> {
    return new MixedFile(await Deno.open(path), origins);
  }

  /** Copies what certain mirrors sent into an empty part. */
  async copyTo(part: PartFile, isOf: (mirror: Mirror) => boolean): Promise<void> {
    await part.recordHoles();
    for (const origin of this.#origins) {
      if (!isOf(origin.mirror)) continue;
      for await (const { position, bytes } of this.#bytesOf(origin)) {
        const { error } = await part.write(position, bytes);
        if (error !== null) throw error;
      }
      part.extents.add(origin.start, origin.end);
    }
  }

  /** The mirrors whose bytes differ from those of the file at `path`. */
  async mirrorsUnlike(path: string): Promise<Set<Mirror>> {
    using other = await Deno.open(path);
    const unlike = new Set<Mirror>();
    for (const origin of this.#origins) {
      if (unlike.has(origin.mirror)) continue;
      for await (const { position, bytes } of this.#bytesOf(origin)) {
        if (equals(bytes, await readAt(other, position, bytes.length))) continue;
        unlike.add(origin.mirror);
        break;
      }
    }
    return unlike;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  async *#bytesOf({ start, end }: Origin) {
    for (let position = start; position < end; position += STEP_BYTES) {
      const length = Math.min(STEP_BYTES, end - position);
      yield { position, bytes: await readAt(this.#file, position, length) };
    }
  }
}

/** The `length` bytes of a file from `position` on; fewer at its end. */
async function readAt(
  file: Deno.FsFile,
  position: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.seek(position, Deno.SeekMode.Start);
  return bytes.subarray(0, await fill(file, bytes));
}
