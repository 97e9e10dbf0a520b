import { createHash, type Hash } from "node:crypto";
import { Buffer } from "node:buffer";
import type { MtreeEntry } from "./mtree.ts";
import { quoted } from "./package_paths.ts";

/** Size and digest of a file's content. */
interface Content {
  /** In bytes. */
  readonly size: number;
  /** SHA-256 in base64, which takes less memory than hexadecimal digits. */
  readonly digest: string;
}

/** The sizes and SHA-256 of the files in an archive, computed while their content passes. */
export class FileDigests {
  readonly #contents = new Map<string, Content>();
  #path: string | null = null;
  #hash: Hash | null = null;
  #size = 0;

  /** A file begins; what follows is its content. */
  begin(path: string): void {
    this.end();
    this.#path = path;
    this.#hash = createHash("sha256");
    this.#size = 0;
  }

  /** The next bytes of the file. */
  update(bytes: Uint8Array): void {
    this.#hash?.update(bytes);
    this.#size += bytes.length;
  }

  /** A hard link, which has the content of its target. */
  link(path: string, target: string): void {
    this.end();
    const content = this.#contents.get(target);
    if (content !== undefined) this.#contents.set(path, content);
  }

  /** The file has ended. */
  end(): void {
    if (this.#path === null || this.#hash === null) return;
    const digest = this.#hash.digest("base64");
    this.#contents.set(this.#path, { size: this.#size, digest });
    this.#path = this.#hash = null;
  }

  /** How a file differs from its entry in an `.MTREE`; null if it does not. */
  faultOf({ path, size, sha256 }: MtreeEntry): string | null {
    const content = this.#contents.get(path);
    if (content === undefined) return null;
    if (size !== null && size !== content.size) {
      return `its .MTREE says that ${quoted(path)} has ${size} bytes, but it has ${content.size}`;
    }
    const isSame = sha256 === null ||
      Buffer.from(sha256, "hex").toString("base64") === content.digest;
    return isSame ? null : `${quoted(path)} has another SHA-256 than its .MTREE says`;
  }
}
