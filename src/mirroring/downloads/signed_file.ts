import { createHash, type Hash } from "node:crypto";
import { isDamagedSignature, isMadeFor, readSignature } from "../../formats/openpgp/signature.ts";

/** A file on disk and the detached signatures that may have been made for it. */
export class SignedFile {
  readonly #path: string;
  /** By algorithm: the hash of the file's bytes, without a signature's trailer. */
  readonly #hashes = new Map<string, Promise<Hash>>();

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Whether a signature was made for the file, as far as can be told without the key: a mirror in
   * the middle of an update may have a signature that belongs to another file. True for unreadable
   * signatures, such as armored ones, but not for damaged ones. Null once the file is gone, since
   * nobody can tell then.
   */
  async maySign(signature: Uint8Array): Promise<boolean | null> {
    if (isDamagedSignature(signature)) return false;
    try {
      for (const fingerprint of readSignature(signature) ?? []) {
        if (!isMadeFor(fingerprint, await this.#hashOf(fingerprint.hash))) return false;
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    return true;
  }

  #hashOf(algorithm: string): Promise<Hash> {
    let hash = this.#hashes.get(algorithm);
    if (hash === undefined) {
      hash = this.#read(algorithm);
      this.#hashes.set(algorithm, hash);
    }
    return hash;
  }

  async #read(algorithm: string): Promise<Hash> {
    const hash = createHash(algorithm);
    using file = await Deno.open(this.#path);
    for await (const chunk of file.readable) hash.update(chunk);
    return hash;
  }
}
