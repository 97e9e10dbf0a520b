import { PkgstashError } from "../../errors.ts";
import { decompress } from "../../formats/archive/archive_compression.ts";
import { type TarMember, TarReader } from "../../formats/archive/tar_reader.ts";
import { type SourceFile, sourceFile, type SourceTree } from "../source_tree.ts";

/** Limits above which a package source is rejected. Real ones have a few files of a few KiB. */
export interface TreeLimits {
  /** Size of the archive as received. */
  readonly maxArchiveBytes: number;
  /** Total size of all files. */
  readonly maxTreeBytes: number;
  /** Size of one file. The AUR accepts 256,000 bytes. */
  readonly maxFileBytes: number;
  readonly maxFiles: number;
}

export const TREE_LIMITS: TreeLimits = {
  maxArchiveBytes: 16 * 1024 ** 2,
  maxTreeBytes: 32 * 1024 ** 2,
  maxFileBytes: 4 * 1024 ** 2,
  maxFiles: 2_000,
};

const MAX_PATH_LENGTH = 1024;
const EXECUTABLE = 0o111;

/**
 * Reads a tar archive, compressed or not, whose members are all in one folder, as git and cgit create
 * it. An archive that nobody could review or unpack safely is rejected as a whole: with paths that lead
 * out of the folder, unprintable names, devices, hard links, or anything too large.
 *
 * A folder without files stands for a submodule, because git does not track empty folders.
 *
 * @throws PkgstashError `content` if it is rejected or cannot be read; the error of `archive` if that
 * fails.
 */
export async function readTreeArchive(
  archive: ReadableStream<Uint8Array>,
  limits: TreeLimits = TREE_LIMITS,
): Promise<SourceTree> {
  const contents = new TreeContents(limits);
  const tar = new TarReader((_, size) => size <= limits.maxFileBytes);
  const bytes = decompress(archive.pipeThrough(capped(limits.maxArchiveBytes)), {
    // Headers and padding.
    maxDecompressedBytes: limits.maxTreeBytes + limits.maxFiles * 2048,
  });
  for await (const chunk of bytes) {
    for (const member of tar.push(chunk)) contents.add(member);
  }
  tar.finish();
  return contents.tree();
}

/** Like `readTreeArchive`, for a list of files. */
export function treeOf(
  files: readonly { path: string; mode: "100644" | "100755" | "120000"; content: Uint8Array }[],
  limits: TreeLimits = TREE_LIMITS,
): SourceTree {
  const contents = new TreeContents(limits);
  for (const { path, mode, content } of files) {
    if (content.length > limits.maxFileBytes) throw refused(`${quoted(path)} is too large`);
    const isLink = mode === "120000";
    contents.add({
      name: `tree/${path}`,
      type: isLink ? "other" : "file",
      mode: mode === "100755" ? 0o755 : 0o644,
      attributes: [],
      link: isLink ? { kind: "symbolic", target: new TextDecoder().decode(content) } : null,
      size: content.length,
      body: isLink ? null : content,
    });
  }
  return contents.tree();
}

/** Passes at most `maxBytes`. */
export function capped(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let total = 0;
  return new TransformStream({
    transform(chunk, controller) {
      total += chunk.length;
      if (total > maxBytes) throw refused(`it has more than ${maxBytes} bytes`);
      controller.enqueue(chunk);
    },
  });
}

/** Collects the members of an archive. */
class TreeContents {
  readonly #limits: TreeLimits;
  readonly #files = new Map<string, SourceFile>();
  readonly #folders = new Set<string>();
  #root: string | null = null;
  #bytes = 0;

  constructor(limits: TreeLimits) {
    this.#limits = limits;
  }

  add(member: TarMember): void {
    const path = this.#pathOf(member.name);
    if (member.type === "directory") {
      if (path !== "") this.#folders.add(path);
      return;
    }
    if (path === "") throw refused("a file replaces its folder");
    if (this.#files.has(path)) throw refused(`it contains ${quoted(path)} twice`);
    const { maxFiles, maxTreeBytes } = this.#limits;
    if (this.#files.size >= maxFiles) throw refused(`it has more than ${maxFiles} files`);
    const file = this.#fileOf(path, member);
    this.#bytes += file.size;
    if (this.#bytes > maxTreeBytes) throw refused(`it has more than ${maxTreeBytes} bytes`);
    this.#files.set(path, file);
  }

  tree(): SourceTree {
    const parents = new Set([...this.#files.keys()].flatMap(parentsOf));
    for (const folder of this.#folders) {
      if (this.#files.has(folder)) throw refused(`${quoted(folder)} is a file and a folder`);
      const isEmpty = !parents.has(folder) &&
        ![...this.#folders].some((other) => other.startsWith(`${folder}/`));
      if (isEmpty) {
        this.#files.set(folder, {
          ...sourceFile(folder, new Uint8Array(0), "160000"),
        });
      }
    }
    for (const parent of parents) {
      if (this.#files.has(parent)) throw refused(`${quoted(parent)} is a file and a folder`);
    }
    if (this.#files.size === 0) throw refused("it has no files");
    return new Map([...this.#files].sort(([one], [other]) => one < other ? -1 : 1));
  }

  #pathOf(name: string): string {
    const segments = name.replace(/\/$/, "").split("/");
    const isSafe = name.length <= MAX_PATH_LENGTH && !UNSHOWABLE.test(name) &&
      segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
    if (!isSafe) throw refused(`the path ${quoted(name)} is not allowed`);
    this.#root ??= segments[0] ?? "";
    if (segments[0] !== this.#root) throw refused("its files are not in one folder");
    return segments.slice(1).join("/");
  }

  #fileOf(path: string, { type, link, mode, size, body }: TarMember): SourceFile {
    if (link?.kind === "symbolic") {
      return sourceFile(path, new TextEncoder().encode(link.target), "120000");
    }
    if (link !== null) throw refused(`${quoted(path)} is a hard link`);
    if (type !== "file") throw refused(`${quoted(path)} is a device or a FIFO`);
    if (body === null) {
      throw refused(
        `${quoted(path)} has ${size} bytes; ${this.#limits.maxFileBytes} are allowed`,
      );
    }
    // Copied, because the next member overwrites the body.
    return sourceFile(path, body.slice(), (mode & EXECUTABLE) === 0 ? "100644" : "100755");
  }
}

/** Control and invisible characters, and invalid UTF-8. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u;

function parentsOf(path: string): string[] {
  const segments = path.split("/");
  return segments.slice(1).map((_, at) => segments.slice(0, at + 1).join("/"));
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function refused(fault: string): PkgstashError {
  return new PkgstashError("content", `Cannot accept the package source: ${fault}.`);
}
