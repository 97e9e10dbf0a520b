import { createHash } from "node:crypto";
import { readSignature } from "../../formats/openpgp/signature.ts";

/**
 * Whether a detached signature was made of the file at `path`, as far as can be told without a key:
 * a mirror in the middle of an update has a signature for another database than the one it has.
 * True for signatures of a kind that is not understood.
 */
export async function belongsTogether(signature: Uint8Array, path: string): Promise<boolean> {
  for (const { hash, trailer, left } of readSignature(signature) ?? []) {
    const digest = createHash(hash);
    using file = await Deno.open(path);
    for await (const chunk of file.readable) digest.update(chunk);
    const [first, second] = digest.update(trailer).digest();
    if (first !== left[0] || second !== left[1]) return false;
  }
  return true;
}
