import { join } from "@std/path";
import { packTar, type TarEntry } from "modern-tar";

/** Path of the one repository, below the mirror's root and below each subject's. */
export const REPOSITORY_PATH = "core/os/x86_64";

const SMALL_BYTES = 566;
const MEDIUM_BYTES = 1024 ** 2;
const BIG_BYTES = 100 * 1024 ** 2;

/** A package's content. Many names have the same one, as hard links to one file. */
export interface Payload {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** A package file of the generated repository. */
export interface PackageFile {
  /** Path in a URL, with a slash at the beginning. */
  readonly path: string;
  readonly payload: Payload;
}

/** How many names of which kind a run needs. */
export interface RepositoryNeeds {
  readonly rounds: number;
  readonly filesPerRound: { readonly misses: number; readonly firstBytes: number };
}

/** The names of one round that nobody has asked for before. */
export interface FreshFiles {
  /** Of 100 MiB. */
  readonly misses: readonly PackageFile[];
  /** Of 100 MiB. */
  readonly herd: PackageFile;
  /** Of 1 MiB. */
  readonly firstBytes: readonly PackageFile[];
}

/** A generated repository: packages of three sizes for hits, and fresh names for misses. */
export interface Repository {
  readonly small: PackageFile;
  readonly medium: PackageFile;
  readonly big: PackageFile;
  /** By the number of the round. */
  readonly fresh: readonly FreshFiles[];
}

/** Writes the repository below `root`, with a sync database that names every package. */
export async function generateRepository(
  root: string,
  { rounds, filesPerRound }: RepositoryNeeds,
): Promise<Repository> {
  const folder = join(root, REPOSITORY_PATH);
  await Deno.mkdir(folder, { recursive: true });
  const listed: PackageFile[] = [];
  const add = async (name: string, payload: Payload, original?: PackageFile) => {
    const file = { path: `/${REPOSITORY_PATH}/${name}-1.0-1-x86_64.pkg.tar.zst`, payload };
    if (original === undefined) await Deno.writeFile(join(root, file.path), payload.bytes);
    else await Deno.link(join(root, original.path), join(root, file.path));
    listed.push(file);
    return file;
  };
  const small = await add("small", await randomPayload(SMALL_BYTES));
  const medium = await add("medium", await randomPayload(MEDIUM_BYTES));
  const big = await add("big", await randomPayload(BIG_BYTES));
  const fresh: FreshFiles[] = [];
  for (let round = 0; round < rounds; round++) {
    const addSeveral = async (count: number, name: string, original: PackageFile) => {
      const files: PackageFile[] = [];
      for (let i = 0; i < count; i++) {
        files.push(await add(`${name}${round}x${i}`, original.payload, original));
      }
      return files;
    };
    fresh.push({
      misses: await addSeveral(filesPerRound.misses, "miss", big),
      herd: await add(`herd${round}`, big.payload, big),
      firstBytes: await addSeveral(filesPerRound.firstBytes, "first", medium),
    });
  }
  await Deno.writeFile(join(folder, "core.db"), await databaseBytes(listed));
  return { small, medium, big, fresh };
}

/** Lower-case hexadecimal SHA-256. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function randomPayload(size: number): Promise<Payload> {
  const bytes = new Uint8Array(size);
  const largestPiece = 65_536;
  for (let start = 0; start < size; start += largestPiece) {
    crypto.getRandomValues(bytes.subarray(start, start + largestPiece));
  }
  // A package is refused that does not begin like an archive in zstd.
  bytes.set([0x28, 0xb5, 0x2f, 0xfd]);
  return { bytes, sha256: await sha256Of(bytes) };
}

/** A sync database as repo-add lays it out: a folder and a `desc` for each package. */
async function databaseBytes(files: readonly PackageFile[]): Promise<Uint8Array> {
  const entries = files.flatMap(({ path, payload }): TarEntry[] => {
    const fileName = path.slice(path.lastIndexOf("/") + 1);
    const name = fileName.slice(0, fileName.indexOf("-"));
    const desc = [
      ["FILENAME", fileName],
      ["NAME", name],
      ["VERSION", "1.0-1"],
      ["CSIZE", payload.bytes.length],
      ["ISIZE", payload.bytes.length],
      ["SHA256SUM", payload.sha256],
      ["ARCH", "x86_64"],
      ["BUILDDATE", 1_700_000_000],
    ].map(([key, value]) => `%${key}%\n${value}\n\n`).join("");
    const body = new TextEncoder().encode(desc);
    return [
      { header: { name: `${name}-1.0-1/`, type: "directory", size: 0 } },
      { header: { name: `${name}-1.0-1/desc`, size: body.length }, body },
    ];
  });
  const tar = await packTar(entries);
  const gzipped = new Response(tar).body!.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(gzipped).arrayBuffer());
}
