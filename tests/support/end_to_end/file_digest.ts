import { encodeHex } from "@std/encoding/hex";

/** The SHA-256 of some bytes, in hexadecimal. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return encodeHex(await crypto.subtle.digest("SHA-256", bytes));
}

/** The SHA-256 of a file, in hexadecimal. */
export async function fileDigest(path: string): Promise<string> {
  return await digestOf(await Deno.readFile(path));
}

/** Size of a file in bytes; 0 when it does not exist (yet). */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
