import { createHash } from "node:crypto";

const READ_BYTES = 128 * 1024;

/**
 * SHA-256 of a file's content in lower-case hexadecimal. An open file is read from its position to
 * its end, and stays open. Rejects with the signal's reason if it is aborted.
 */
export async function sha256Of(
  file: string | Deno.FsFile,
  signal?: AbortSignal,
): Promise<string> {
  if (typeof file === "string") {
    using opened = await Deno.open(file);
    return await sha256Of(opened, signal);
  }
  const hash = createHash("sha256");
  const buffer = new Uint8Array(READ_BYTES);
  for (let count; (count = await file.read(buffer)) !== null;) {
    signal?.throwIfAborted();
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}
