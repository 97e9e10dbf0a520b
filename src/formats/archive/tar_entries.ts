import { type Entry, extract as createExtract } from "tar-stream";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { ArchiveInput, feed } from "./archive_input.ts";

/** One member of a tar. Its body must be read before the next entry is requested, or not at all. */
export interface TarEntry {
  /** The path as it is in the tar, unchecked. */
  name: string;
  /** Members of other types are refused. */
  type: "file" | "directory";
  /** Size of the body in bytes. */
  size: number;
  /** The content; it can be read once. */
  body: AsyncIterable<Uint8Array>;
}

/** A tar ends with two blocks of zeros; without them it is cut short. */
const END_OF_ARCHIVE_BYTES = 1024;

/**
 * Iterates the files and folders of a plain tar (ustar, pax, GNU long names). Leaving the iteration
 * early cancels the source.
 *
 * Source: POSIX pax, "ustar Interchange Format".
 * @throws {PkgstashError} of kind "content" if the tar is damaged, cut short, or has a member that
 * is neither a file nor a folder; the source's own error if the source fails.
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
    throw new PkgstashError("content", `Cannot read a tar archive: ${reasonOf(error)}.`, {
      cause: error,
    });
  } finally {
    extract.destroy();
    // Not awaited: a source that hangs must not delay the error.
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
    }. ` +
      "Only files and folders are allowed.",
  );
}

/** Passes all chunks on, and throws behind the last one if the end mark is missing. */
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
