import { type Entry, extract as createExtract } from "tar-stream";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { ArchiveInput, feed } from "./archive_input.ts";

/** One member of a tar. Its body, if wanted, must be read before the next entry is asked for. */
export interface TarEntry {
  /** The member's path as the tar has it, of whatever shape. */
  name: string;
  /** Nothing else comes through. */
  type: "file" | "directory";
  /** Bytes in the body. */
  size: number;
  /** The content, once. */
  body: AsyncIterable<Uint8Array>;
}

/** A tar ends with two blocks of zeros; without them it is cut. */
const END_OF_ARCHIVE_BYTES = 1024;

/**
 * The files and folders of a plain tar (ustar, pax, GNU long names), one after the other. Leaving the
 * iteration early cancels the source.
 *
 * Source: POSIX pax, "ustar Interchange Format".
 * @throws {PkgstashError} kind "content", for a damaged or cut tar and for links and special files;
 * the source's own error when the source fails.
 */
export async function* readTarEntries(
  tar: ReadableStream<Uint8Array>,
): AsyncGenerator<TarEntry> {
  const input = new ArchiveInput(tar);
  const extract = createExtract();
  void feed(checkedEnd(input), extract);
  try {
    for await (const entry of extract) {
      yield toTarEntry(entry);
      entry.resume();
    }
  } catch (error) {
    if (input.failure !== undefined) throw input.failure.reason;
    if (error instanceof PkgstashError) throw error;
    throw new PkgstashError("content", `Cannot read a tar archive: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    extract.destroy();
    // Not awaited: a source that hangs must not keep the error back.
    input.cancel().catch(() => {});
  }
}

function toTarEntry(entry: Entry): TarEntry {
  const { name, type, size } = entry.header;
  if (type === "file" || type === "directory") return { name, type, size, body: entry };
  throw new PkgstashError(
    "content",
    `Cannot read a tar archive: ${JSON.stringify(name)} is a ${
      type ?? "member of unknown type"
    }, ` +
      "where only files and folders are allowed",
  );
}

/** Passes all chunks through, and throws at the end if the archive lacks its end mark. */
async function* checkedEnd(input: ArchiveInput): AsyncGenerator<Uint8Array> {
  let zerosAtEnd = 0;
  for await (const chunk of input) {
    const zeros = trailingZeros(chunk);
    zerosAtEnd = zeros === chunk.length ? zerosAtEnd + zeros : zeros;
    yield chunk;
  }
  if (zerosAtEnd >= END_OF_ARCHIVE_BYTES) return;
  throw new PkgstashError(
    "content",
    "Cannot read a tar archive: it lacks its end mark, so it is probably cut short.",
  );
}

function trailingZeros(chunk: Uint8Array): number {
  let position = chunk.length;
  while (position > 0 && chunk[position - 1] === 0) position--;
  return chunk.length - position;
}
