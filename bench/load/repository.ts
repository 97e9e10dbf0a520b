import { createHash } from "node:crypto";
import { basename, join } from "@std/path";
import { syncDbBytes } from "../../tests/support/sync_db_bytes.ts";

/** The repository of most packages: its path on the mirror is that on each subject. */
export const REPOSITORY = { name: "core", path: "/core/os/x86_64" };

const SMALL_BYTES = 566;
const MEDIUM_BYTES = 1024 ** 2;
const BIG_BYTES = 100 * 1024 ** 2;

/** A package's content. Many names have the same one, as hard links to one file. */
export interface Payload {
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** A payload that is in memory. */
export interface PayloadInMemory extends Payload {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A package file of the generated repository. */
export interface PackageFile<P extends Payload = Payload> {
  /** Path in a URL, with a slash at the beginning. */
  readonly path: string;
  readonly payload: P;
}

/** How many names of which kind a run needs. */
export interface RepositoryNeeds {
  readonly rounds: number;
  readonly hugeMebibytes: number;
  readonly filesPerRound: { readonly misses: number; readonly firstBytes: number };
}

/** The names of one round that nobody has asked for before. */
export interface FreshFiles {
  /** Of 100 MiB. */
  readonly misses: readonly PackageFile[];
  /** Of 100 MiB. */
  readonly herd: PackageFile<PayloadInMemory>;
  /** Of 100 MiB, for several mirrors and for one. */
  readonly striped: { readonly several: PackageFile; readonly one: PackageFile };
  /** Of 1 MiB. */
  readonly firstBytes: readonly PackageFile[];
}

/** A generated repository: packages of four sizes for hits, and fresh names for misses. */
export interface Repository {
  readonly small: PackageFile;
  readonly medium: PackageFile;
  readonly big: PackageFile;
  /** Of 1 GiB, unless the run is a short one. */
  readonly huge: PackageFile;
  /** By the number of the round. */
  readonly fresh: readonly FreshFiles[];
}

/** Writes the repository below `root`, with a sync database that names every package. */
export async function generateRepository(
  root: string,
  { rounds, hugeMebibytes, filesPerRound }: RepositoryNeeds,
): Promise<Repository> {
  const folder = join(root, REPOSITORY.path);
  await Deno.mkdir(folder, { recursive: true });
  const listed: PackageFile[] = [];
  const list = <P extends Payload>(name: string, payload: P): PackageFile<P> => {
    const file = { path: `${REPOSITORY.path}/${name}-1.0-1-x86_64.pkg.tar.zst`, payload };
    listed.push(file);
    return file;
  };
  const add = async (name: string, payload: PayloadInMemory) => {
    const file = list(name, payload);
    await Deno.writeFile(join(root, file.path), payload.bytes);
    return file;
  };
  const link = async <P extends Payload>(name: string, original: PackageFile<P>) => {
    const file = list(name, original.payload);
    await Deno.link(join(root, original.path), join(root, file.path));
    return file;
  };
  const small = await add("small", await randomPayload(SMALL_BYTES));
  const medium = await add("medium", await randomPayload(MEDIUM_BYTES));
  const big = await add("big", await randomPayload(BIG_BYTES));
  const huge = list("huge", repeatedPayload(medium.payload, hugeMebibytes));
  await writeRepeated(join(root, huge.path), medium.payload, hugeMebibytes);
  const fresh: FreshFiles[] = [];
  for (let round = 0; round < rounds; round++) {
    const addSeveral = async (count: number, name: string, original: PackageFile) => {
      const files: PackageFile[] = [];
      for (let i = 0; i < count; i++) {
        files.push(await link(`${name}${round}x${i}`, original));
      }
      return files;
    };
    fresh.push({
      misses: await addSeveral(filesPerRound.misses, "miss", big),
      herd: await link(`herd${round}`, big),
      striped: {
        several: await link(`several${round}`, big),
        one: await link(`one${round}`, big),
      },
      firstBytes: await addSeveral(filesPerRound.firstBytes, "first", medium),
    });
  }
  const database = await syncDbBytes(listed.map(({ path, payload: { size, sha256 } }) => {
    const fileName = basename(path);
    const name = fileName.slice(0, fileName.indexOf("-"));
    return { name, version: "1.0-1", fileName, size, sha256 };
  }));
  await Deno.writeFile(join(folder, `${REPOSITORY.name}.db`), database);
  return { small, medium, big, huge, fresh };
}

/** Lower-case hexadecimal SHA-256. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function randomPayload(size: number): Promise<PayloadInMemory> {
  const bytes = new Uint8Array(size);
  const largestPiece = 65_536;
  for (let start = 0; start < size; start += largestPiece) {
    crypto.getRandomValues(bytes.subarray(start, start + largestPiece));
  }
  // A package is refused that does not begin like an archive in zstd.
  bytes.set([0x28, 0xb5, 0x2f, 0xfd]);
  return { size, bytes, sha256: await sha256Of(bytes) };
}

/** Too large for the memory of this process. */
function repeatedPayload({ bytes }: PayloadInMemory, times: number): Payload {
  const hash = createHash("sha256");
  for (let i = 0; i < times; i++) hash.update(bytes);
  return { size: bytes.length * times, sha256: hash.digest("hex") };
}

async function writeRepeated(path: string, { bytes }: PayloadInMemory, times: number) {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let i = 0; i < times; i++) {
    for (let sent = 0; sent < bytes.length;) sent += await file.write(bytes.subarray(sent));
  }
}
