import { decompress } from "../archive/archive_compression.ts";
import { refuseMetadata } from "./key_value_lines.ts";

/** The parts of a path's entry in a package's `.MTREE` that are used here. */
export interface MtreeEntry {
  /** Relative to the package's root, without a trailing slash. */
  readonly path: string;
  /** Whether it is a file, hard links included, a folder, or a symbolic link. */
  readonly type: "file" | "directory" | "link";
  /** Bytes; null if missing. */
  readonly size: number | null;
  /** In lower-case hexadecimal; null if missing, as in very old packages. */
  readonly sha256: string | null;
  /** Everything that it says, verbatim: owner, mode, time and the rest. */
  readonly text: string;
}

const FILE = ".MTREE";
/** A quarter of a kilobyte for each of a million files. */
const MAX_DECOMPRESSED_BYTES = 256 * 1024 ** 2;

/**
 * Reads a gzipped `.MTREE`, as written by makepkg through bsdtar: defaults in `/set` lines, and one
 * path per line.
 *
 * Source: mtree(5), and `create_package` in pacman's scripts/makepkg.sh.in.
 * @throws {PkgstashError} of kind "content" if it has another form.
 */
export async function* readMtree(bytes: Uint8Array): AsyncGenerator<MtreeEntry> {
  let defaultType = "file";
  let defaults = "";
  let number = 0;
  for await (const line of linesOf(bytes)) {
    number++;
    if (line === "" || line.startsWith("#")) continue;
    const [subject = "", ...words] = line.split(" ");
    const type = words.findLast((word) => word.startsWith("type="))?.slice(5) ?? defaultType;
    if (subject === "/set") {
      defaultType = type;
      defaults = words.join(" ");
    } else {
      yield {
        path: unescaped(subject, number),
        type: typeOf(type, number),
        size: sizeOf(words, number),
        sha256: digestOf(words, number),
        text: `${defaults} ${words.join(" ")}`,
      };
    }
  }
}

async function* linesOf(bytes: Uint8Array): AsyncGenerator<string> {
  const source = new ReadableStream<Uint8Array>({
    start(controller): void {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of decompress(source, { maxDecompressedBytes: MAX_DECOMPRESSED_BYTES })) {
    try {
      rest += decoder.decode(chunk, { stream: true });
    } catch {
      refuseMetadata(FILE, "it is not UTF-8");
    }
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_LENGTH) refuseMetadata(FILE, "a line is too long");
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Every byte of a path may be written as four characters. */
const MAX_LINE_LENGTH = 64 * 1024;

function typeOf(type: string, line: number): MtreeEntry["type"] {
  if (type === "dir") return "directory";
  if (type === "file" || type === "link") return type;
  refuseMetadata(FILE, `line ${line} has the type ${JSON.stringify(type.slice(0, 80))}`);
}

function sizeOf(words: readonly string[], line: number): number | null {
  const text = valueOf(words, ["size"]);
  if (text === null) return null;
  if (!/^\d{1,15}$/.test(text)) refuseMetadata(FILE, `line ${line} has a malformed size`);
  return Number(text);
}

function digestOf(words: readonly string[], line: number): string | null {
  const text = valueOf(words, ["sha256digest", "sha256"]);
  if (text === null) return null;
  if (!/^[0-9a-f]{64}$/i.test(text)) refuseMetadata(FILE, `line ${line} has a malformed SHA-256`);
  return text.toLowerCase();
}

function valueOf(words: readonly string[], keys: readonly string[]): string | null {
  const word = words.findLast((each) => keys.some((key) => each.startsWith(`${key}=`)));
  return word === undefined ? null : word.slice(word.indexOf("=") + 1);
}

/** The path in a line such as `./usr/a\040b`. */
function unescaped(subject: string, line: number): string {
  if (!/^\.\/(?:[^\\]|\\[0-3][0-7]{2})+$/.test(subject)) {
    refuseMetadata(FILE, `line ${line} has no path below "./"`);
  }
  const path = subject.slice(2);
  if (!path.includes("\\")) return path;
  const bytes: number[] = [];
  for (const [part, octal] of path.matchAll(/\\([0-3][0-7]{2})|[^\\]+/g)) {
    if (octal === undefined) bytes.push(...encoder.encode(part));
    else bytes.push(parseInt(octal, 8));
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      new Uint8Array(bytes),
    );
  } catch {
    refuseMetadata(FILE, `line ${line} has a path that is not UTF-8`);
  }
}

const encoder = new TextEncoder();
