import { PkgstashError, reasonOf } from "../../errors.ts";
import { decompress } from "../archive/archive_compression.ts";
import { type TarMember, TarReader } from "../archive/tar_reader.ts";
import { type BuildInfo, parseBuildInfo } from "./build_info.ts";
import { FileDigests } from "./file_digests.ts";
import { readMtree } from "./mtree.ts";
import { type PackageInfo, parsePackageInfo } from "./package_info.ts";
import { type PackageFileName, parsePackageFileName } from "./package_file_name.ts";
import { listedFiles, PackagePaths } from "./package_paths.ts";

/** The content of a package file. */
export interface PackageArchive {
  /** Its `.PKGINFO`. */
  readonly info: PackageInfo;
  /** Its `.BUILDINFO`; null in packages from before pacman 5.1. */
  readonly buildInfo: BuildInfo | null;
  /** All its paths as repo-add lists them, folders with a trailing slash. */
  readonly files: readonly string[];
  /** Whether it contains an `.INSTALL` script, which runs as root. */
  readonly hasScript: boolean;
  /** The text of the script; null if there is none. */
  readonly script: string | null;
  /** Files that give their users other rights, in archive order. */
  readonly privileged: readonly PrivilegedFile[];
}

/**
 * A file that runs with more rights than its user has: because of its mode or an extended
 * attribute.
 */
export interface PrivilegedFile {
  /** As in `files`. */
  readonly path: string;
  /** Permission bits, such as 0o4755. */
  readonly mode: number;
  /** Names of its extended attributes. */
  readonly attributes: readonly string[];
}

/** Limits beyond which a package is refused. */
export interface ReadPackageOptions {
  /** Size of the decompressed package; 64 GiB by default. */
  readonly maxDecompressedBytes?: number;
  /** Whether the source is a file on this machine; see `decompress`. */
  readonly isLocal?: boolean;
  /** Number of files, folders and links; a million by default. */
  readonly maxEntries?: number;
}

/** Metadata files that are read, with the maximum size of each. */
const METADATA_BYTES: ReadonlyMap<string, number> = new Map([
  // Keeps its `desc` below what pkgstash and pacman accept.
  [".PKGINFO", 256 * 1024],
  [".BUILDINFO", 4 * 1024 ** 2],
  [".MTREE", 16 * 1024 ** 2],
  [".INSTALL", 1024 ** 2],
]);
const MAX_PATH_LENGTH = 64 * 1024 ** 2;
/** The bits of a mode that make a program run as its owner or group. */
const SET_ID = 0o6000;

/**
 * Reads a package in any compression that pacman supports, keeping only its metadata and paths. It
 * must be one that makepkg could have written under this name, and its files must match its
 * `.MTREE`, if it has one: packages that pacman would accept although they are dangerous or
 * ambiguous are refused. xz files larger than 128 MiB are read only from a local source.
 *
 * @throws {PkgstashError} of kind "content" with the reason; the source's own error if that fails.
 */
export async function readPackageArchive(
  source: ReadableStream<Uint8Array>,
  fileName: string,
  options: ReadPackageOptions = {},
): Promise<PackageArchive> {
  const { maxDecompressedBytes = 64 * 1024 ** 3, maxEntries = 1_000_000, isLocal = false } =
    options;
  try {
    const named = parsePackageFileName(fileName);
    if (named === null) {
      // Not awaited: a source that hangs must not delay the error.
      source.cancel().catch(() => {});
      throw refusal(
        "its file name is not of the form NAME-VERSION-RELEASE-ARCHITECTURE.pkg.tar.zst",
      );
    }
    const contents = new Contents(maxEntries);
    const tar = new TarReader(
      (name, size) => contents.wants(name, size),
      (bytes) => contents.digests.update(bytes),
    );
    for await (const chunk of decompress(source, { maxDecompressedBytes, isLocal })) {
      for (const member of tar.push(chunk)) contents.add(member);
    }
    tar.finish();
    const archive = await contents.finish();
    checkAgreement(named, archive);
    return archive;
  } catch (error) {
    if (!(error instanceof PkgstashError) || error.kind !== "content") throw error;
    throw new PkgstashError(
      "content",
      `Cannot take ${quotedName(fileName)}: ${withSmallInitial(reasonOf(error))}.`,
      { cause: error },
    );
  }
}

/** What is kept of an archive while it is read. */
class Contents {
  readonly digests = new FileDigests();
  readonly #paths: PackagePaths;
  readonly #metadata = new Map<string, Uint8Array>();
  readonly #names: string[] = [];
  readonly #privileged: PrivilegedFile[] = [];

  constructor(maxEntries: number) {
    this.#paths = new PackagePaths({ maxEntries, maxPathLength: MAX_PATH_LENGTH });
  }

  wants(name: string, size: number): boolean {
    const most = METADATA_BYTES.get(name);
    if (most === undefined) return false;
    if (size > most) throw refusal(`its ${name} has ${size} bytes, more than ${most}`);
    return true;
  }

  add(member: TarMember): void {
    const fault = this.#paths.add(member);
    if (fault !== null) throw refusal(fault);
    const { name, mode, type, attributes, link, body } = member;
    this.#names.push(name);
    if (link?.kind === "hard") this.digests.link(name, link.target);
    else if (type === "file") this.digests.begin(name);
    if (body !== null) this.digests.update(body);
    // The set-ID bit of a folder gives files a group, but gives nobody rights.
    if ((type !== "directory" && (mode & SET_ID) !== 0) || attributes.length > 0) {
      const [path = name] = listedFiles([name]);
      this.#privileged.push({ path, mode, attributes });
    }
    if (METADATA_BYTES.has(name)) {
      if (body === null) throw refusal(`its ${name} is not a file`);
      this.#metadata.set(name, body.slice());
    }
  }

  async finish(): Promise<PackageArchive> {
    const info = this.#metadata.get(".PKGINFO");
    if (info === undefined) throw refusal("it has no .PKGINFO, so it is not a package");
    const buildInfo = this.#metadata.get(".BUILDINFO");
    const mtree = this.#metadata.get(".MTREE");
    const script = this.#metadata.get(".INSTALL");
    this.digests.end();
    const fault = this.#paths.finish() ??
      (mtree === undefined
        ? null
        : await this.#paths.compare(readMtree(mtree), (entry) => this.digests.faultOf(entry)));
    if (fault !== null) throw refusal(fault);
    return {
      info: parsePackageInfo(textOf(".PKGINFO", info)),
      buildInfo: buildInfo === undefined ? null : parseBuildInfo(textOf(".BUILDINFO", buildInfo)),
      files: listedFiles(this.#names),
      hasScript: script !== undefined,
      script: script === undefined ? null : new TextDecoder().decode(script),
      privileged: this.#privileged,
    };
  }
}

function textOf(name: string, body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw refusal(`its ${name} is not UTF-8`);
  }
}

/** Checks that the file's name, the `.PKGINFO` and the `.BUILDINFO` are about one package. */
function checkAgreement(named: PackageFileName, { info, buildInfo }: PackageArchive): void {
  for (const key of ["name", "version", "architecture"] as const) {
    if (named[key] !== info[key]) {
      throw refusal(`its .PKGINFO has the ${key} ${quotedName(info[key])}`);
    }
    const built = buildInfo?.[key] ?? null;
    if (built !== null && built !== info[key]) {
      throw refusal(`its .BUILDINFO has the ${key} ${quotedName(built)}`);
    }
  }
}

function refusal(fault: string): PkgstashError {
  return new PkgstashError("content", `Cannot read a package: ${fault}.`);
}

function withSmallInitial(reason: string): string {
  return reason.replace(/^Cannot read a package: /, "").replace(/^Cannot/, "cannot");
}

function quotedName(name: string): string {
  return JSON.stringify(name.length > 300 ? `${name.slice(0, 300)}...` : name);
}
