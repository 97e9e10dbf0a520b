import { createHash } from "node:crypto";
import { asFaultOfRequest, PkgstashError, reasonOf } from "../errors.ts";
import { type PackageArchive, readPackageArchive } from "../formats/pacman/package_archive.ts";
import { removeIfPresent } from "../platform/files/durable.ts";
import { unstored } from "./unstored.ts";

/** What is known about an uploaded package once it is on disk. */
export interface ReceivedPackage {
  readonly archive: PackageArchive;
  readonly size: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * How much more of a refused upload to read, so that its sender gets the reason rather than a
 * reset.
 */
const MAX_DRAINED_BYTES = 512 * 1024 ** 2;

/**
 * Writes an upload to a new file at `path`, synced, and parses it on the way. Each byte is read
 * once, except for xz, which is parsed after it is written. After any failure the file does not
 * exist.
 *
 * @throws PkgstashError `invalid_request` if the upload broke off or is not a package of this name,
 * `storage` if the disk is full.
 */
export async function receivePackage(
  body: ReadableStream<Uint8Array>,
  { path, fileName, onBytes = () => {} }: {
    path: string;
    fileName: string;
    /** Called before bytes are written; throws to refuse them. */
    onBytes?: (count: number) => void;
  },
): Promise<ReceivedPackage> {
  const reader = body.getReader();
  const hash = createHash("sha256");
  let size = 0;
  try {
    using file = await create(path, fileName);
    const arriving = async function* () {
      for (let chunk; (chunk = await nextOf(reader, fileName)) !== null;) {
        onBytes(chunk.length);
        await writeAll(file, chunk, fileName);
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    };
    const archive = fileName.endsWith(".xz")
      ? await readWhenWritten(arriving(), { path, fileName })
      : await readPackageArchive(ReadableStream.from(arriving()), fileName);
    await file.sync().catch((error) => {
      throw unstored(`store ${fileName}`, error);
    });
    return { archive, size, sha256: hash.digest("hex") };
  } catch (error) {
    await removeIfPresent(path);
    await drain(reader);
    throw asFaultOfRequest(error);
  } finally {
    reader.releaseLock();
  }
}

/** Parses a package from disk: for xz, this avoids a limit on its size. */
async function readWhenWritten(
  arriving: AsyncIterable<Uint8Array>,
  { path, fileName }: { path: string; fileName: string },
): Promise<PackageArchive> {
  for await (const _ of arriving);
  using written = await Deno.open(path);
  return await readPackageArchive(written.readable, fileName, { isLocal: true });
}

async function create(path: string, fileName: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { write: true, createNew: true });
  } catch (error) {
    throw unstored(`store ${fileName}`, error);
  }
}

async function nextOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  fileName: string,
): Promise<Uint8Array | null> {
  try {
    return (await reader.read()).value ?? null;
  } catch (error) {
    throw new PkgstashError(
      "invalid_request",
      `Cannot take ${fileName}: the upload broke off (${reasonOf(error)}). Send it again.`,
      { cause: error },
    );
  }
}

async function writeAll(file: Deno.FsFile, chunk: Uint8Array, fileName: string): Promise<void> {
  try {
    for (let written = 0; written < chunk.length;) {
      written += await file.write(chunk.subarray(written));
    }
  } catch (error) {
    throw unstored(`store ${fileName}`, error);
  }
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    for (let drained = 0; drained < MAX_DRAINED_BYTES;) {
      const { value, done } = await reader.read();
      if (done) return;
      drained += value.length;
    }
    await reader.cancel();
  } catch {
    // It broke off, which is why the upload ended.
  }
}
