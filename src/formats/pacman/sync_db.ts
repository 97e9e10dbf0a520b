import { TimeSlice } from "../../async/time_slice.ts";
import { PkgstashError } from "../../errors.ts";
import { decompress, unreadCompressionOf } from "../archive/archive_compression.ts";
import { type TarMember, TarReader } from "../archive/tar_reader.ts";
import { type DescField, readDesc } from "./desc.ts";
import { isSafeFileName } from "./package_file_name.ts";

/** What is kept of a package's `desc` and, in old databases, `depends`. */
export interface SyncDbPackage {
  /** From the name of its folder, as in pacman; the same as %NAME% unless that is wrong. */
  readonly name: string;
  /** From the name of its folder: `[epoch:]pkgver-pkgrel`. */
  readonly version: string;
  /** %FILENAME%: safe as one path segment, but not always of the form that makepkg writes. */
  readonly fileName: string;
  /** %CSIZE% of the package file in bytes, or null. */
  readonly size: number | null;
  /** %SHA256SUM% of the package file: 64 lower-case hexadecimal digits, or null. */
  readonly sha256: string | null;
  /** %BUILDDATE% in milliseconds since the epoch, or null. */
  readonly buildDate: number | null;
  /** %PGPSIG%: the detached signature of the package file in base64, or null. */
  readonly signature: string | null;
  /** %DEPENDS%: each is `name` or `name<op>version`, here and below. */
  readonly depends: readonly string[];
  /** %PROVIDES% */
  readonly provides: readonly string[];
  /** %REPLACES% */
  readonly replaces: readonly string[];
}

/** A part of a database that was not understood, although pacman accepts it. */
export interface DatabaseProblem {
  /** Such as "%CSIZE% is not a whole number". */
  readonly what: string;
  /** How often it was found. */
  readonly count: number;
  /** Where it was first found. */
  readonly example: string;
}

/** The content of a sync database. */
export interface SyncDb {
  /**
   * Packages with a file, in archive order; null if pacman may be able to decompress the database
   * but pkgstash is not.
   */
  readonly packages: readonly SyncDbPackage[] | null;
  /** Empty for nearly every database. */
  readonly problems: readonly DatabaseProblem[];
}

/** Limits beyond which a database is refused. */
export interface ReadSyncDbOptions {
  /** Size of the decompressed database; 1 GiB by default. */
  maxDecompressedBytes?: number;
  /** Number of packages; 200,000 by default. */
  maxEntries?: number;
  /** Size of one `desc` or `depends` file; 512 KiB by default. */
  maxDescBytes?: number;
  /** Total size of what is kept, as UTF-8; 64 MiB by default. Arch's largest database needs 6. */
  maxKeptBytes?: number;
}

/**
 * Reads a sync database (`$repo.db`) or files database (`$repo.files`), skipping lists of files.
 * Accepts what pacman accepts: a malformed field is null, and counted among the problems. The event
 * loop runs in between.
 *
 * Source: `sync_db_populate` in pacman's lib/libalpm/be_sync.c.
 * @throws {PkgstashError} of kind "content" if pacman could not use it, if it is truncated, or if
 * it exceeds a limit; the source's own error if the source fails.
 */
export async function readSyncDb(
  source: ReadableStream<Uint8Array>,
  options: ReadSyncDbOptions = {},
): Promise<SyncDb> {
  const { maxDecompressedBytes, maxDescBytes = 512 * 1024 } = options;
  const limits = maxDecompressedBytes === undefined ? {} : { maxDecompressedBytes };
  const collection = new Collection(options);
  const tar = new TarReader((name, size) => {
    if (!/\/(?:desc|depends)$/.test(name)) return false;
    if (size > maxDescBytes) {
      throw refusal(`${quoted(name)} has ${size} bytes, more than ${maxDescBytes}`);
    }
    return true;
  });
  try {
    for await (const chunk of decompress(source, limits)) {
      for (const member of tar.push(chunk)) collection.add(member);
    }
  } catch (error) {
    const compression = unreadCompressionOf(error);
    if (compression === null) throw error;
    const problem = { what: "its compression is unknown", count: 1, example: compression };
    return { packages: null, problems: [problem] };
  }
  tar.finish();
  return await collection.finish();
}

type Draft = { -readonly [Key in keyof SyncDbPackage]: SyncDbPackage[Key] } & {
  depends: string[];
  provides: string[];
  replaces: string[];
};

const decoder = new TextDecoder();
/** Approximate memory of a value besides its text. */
const POINTER_BYTES = 8;

/** Collects the packages of a database, and its problems. */
class Collection {
  readonly #maxEntries: number;
  readonly #maxKeptBytes: number;
  /** By folder. */
  readonly #drafts = new Map<string, Draft>();
  readonly #described = new Set<string>();
  readonly #problems = new Map<string, { count: number; example: string }>();
  /** The names in relations occur many times. */
  readonly #relations = new Map<string, string>();
  #keptBytes = 0;

  constructor({ maxEntries = 200_000, maxKeptBytes = 64 * 1024 ** 2 }: ReadSyncDbOptions) {
    this.#maxEntries = maxEntries;
    this.#maxKeptBytes = maxKeptBytes;
  }

  add({ name: path, type, body }: TarMember): void {
    if (type === "directory") return;
    // Pacman accepts these below a folder, but nobody writes them in good faith.
    if (CLIMBING.test(path)) throw refusal(`${quoted(path)} leads out of its folder`);
    const [folder = ""] = path.split("/", 1);
    const draft = this.#drafts.get(folder) ?? this.#begin(path, folder);
    if (body === null) {
      if (type === "other") this.#report("a file is a link or a device", path);
      return;
    }
    if (path.endsWith("/desc")) {
      // Pacman, too, overwrites the fields of the first one.
      if (this.#described.has(folder)) this.#report("a folder occurs twice", folder);
      this.#described.add(folder);
    }
    readDesc(body, (field, start, end) => this.#setField(draft, field, body.subarray(start, end)));
  }

  async finish(): Promise<SyncDb> {
    const packages: SyncDbPackage[] = [];
    const byFile = new Map<string, Draft>();
    const names = new Set<string>();
    const slice = new TimeSlice();
    for (const draft of this.#drafts.values()) {
      if (slice.isOver) await slice.renew();
      const { name, version, fileName } = draft;
      if (names.has(name)) this.#report("two packages have the same name", name);
      names.add(name);
      if (fileName === "" || !PATH_SAFE_WORD.test(name) || !PATH_SAFE_WORD.test(version)) {
        this.#report("a package has no usable name or %FILENAME%", quoted(`${name}-${version}`));
        continue;
      }
      const twin = byFile.get(fileName);
      if (twin !== undefined) {
        this.#report("two packages have the same %FILENAME%", fileName);
        reconcile(twin, draft);
      }
      byFile.set(fileName, draft);
      packages.push(draft);
    }
    const problems = [...this.#problems].map(([what, found]) => ({ what, ...found }));
    return { packages, problems };
  }

  #begin(path: string, folder: string): Draft {
    const named = splitFolder(folder);
    if (named === null) {
      throw refusal(
        `${quoted(path)} is not in a folder NAME-VERSION. ` +
          "Package folders must be at the top of the archive",
      );
    }
    if (this.#drafts.size >= this.#maxEntries) {
      throw refusal(`it has more than ${this.#maxEntries} packages`);
    }
    this.#keep(folder.length);
    const draft: Draft = {
      ...named,
      fileName: "",
      size: null,
      sha256: null,
      buildDate: null,
      signature: null,
      depends: [],
      provides: [],
      replaces: [],
    };
    this.#drafts.set(folder, draft);
    return draft;
  }

  #setField(draft: Draft, field: DescField, bytes: Uint8Array): void {
    this.#keep(bytes.length + POINTER_BYTES);
    switch (field) {
      case "FILENAME":
        draft.fileName = this.#fileName(draft, decoder.decode(bytes));
        break;
      case "CSIZE":
        draft.size = this.#number(draft, field, bytes);
        break;
      case "BUILDDATE": {
        const seconds = this.#number(draft, field, bytes);
        draft.buildDate = seconds === null ? null : seconds * 1000;
        break;
      }
      case "SHA256SUM":
        draft.sha256 = this.#text(draft, field, bytes)?.toLowerCase() ?? null;
        break;
      case "PGPSIG":
        draft.signature = this.#text(draft, field, bytes);
        break;
      case "DEPENDS":
        draft.depends.push(this.#relation(bytes));
        break;
      case "PROVIDES":
        draft.provides.push(this.#relation(bytes));
        break;
      case "REPLACES":
        draft.replaces.push(this.#relation(bytes));
        break;
    }
  }

  /** Pacman refuses the database for a name that would leave its directory. */
  #fileName({ name, version }: Draft, text: string): string {
    if (text.startsWith(".") || text.includes("/")) {
      throw refusal(`%FILENAME% of ${quoted(`${name}-${version}`)} is ${quoted(text)}`);
    }
    return isSafeFileName(text) ? text : "";
  }

  #number(draft: Draft, field: DescField, bytes: Uint8Array): number | null {
    let value = 0;
    for (const byte of bytes) value = byte < 0x30 || byte > 0x39 ? NaN : value * 10 + byte - 0x30;
    if (Number.isSafeInteger(value)) return value;
    return this.#malformed(draft, field, decoder.decode(bytes));
  }

  #text(draft: Draft, field: "SHA256SUM" | "PGPSIG", bytes: Uint8Array): string | null {
    const text = decoder.decode(bytes);
    return FORMS[field].test(text) ? text : this.#malformed(draft, field, text);
  }

  #relation(bytes: Uint8Array): string {
    const text = decoder.decode(bytes);
    const known = this.#relations.get(text);
    if (known !== undefined) return known;
    this.#relations.set(text, text);
    return text;
  }

  #malformed({ name, version }: Draft, field: DescField, value: string): null {
    this.#report(`%${field}% is malformed`, `${name}-${version}: ${quoted(value)}`);
    return null;
  }

  #report(what: string, example: string): void {
    const known = this.#problems.get(what);
    if (known === undefined) this.#problems.set(what, { count: 1, example });
    else known.count++;
  }

  #keep(bytes: number): void {
    this.#keptBytes += bytes;
    if (this.#keptBytes > this.#maxKeptBytes) {
      throw refusal(`its package descriptions exceed ${this.#maxKeptBytes} bytes`);
    }
  }
}

const FORMS = {
  SHA256SUM: /^[0-9a-f]{64}$/i,
  PGPSIG: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
} as const;

const CLIMBING = /\/\.\.(?:\/|$)/;

/** A file can only be checked against what both entries say. */
function reconcile(one: Draft, other: Draft): void {
  if (one.size !== other.size) one.size = other.size = null;
  if (one.sha256 !== other.sha256) one.sha256 = other.sha256 = null;
  if (one.signature !== other.signature) one.signature = other.signature = null;
}

// deno-lint-ignore no-control-regex -- control characters are what it excludes
const PATH_SAFE_WORD = /^[^\s/\x00-\x1f\x7f]+$/;

/**
 * Splits the name of a folder at its second to last hyphen; null if it does not have two.
 *
 * Source: `_alpm_splitname` in pacman's lib/libalpm/util.c.
 */
function splitFolder(folder: string): { name: string; version: string } | null {
  const hyphen = folder.lastIndexOf("-", folder.lastIndexOf("-") - 1);
  if (hyphen < 1) return null;
  return { name: folder.slice(0, hyphen), version: folder.slice(hyphen + 1) };
}

function refusal(fault: string): PkgstashError {
  return new PkgstashError("content", `Cannot read the sync database: ${fault}.`);
}

function quoted(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
}
