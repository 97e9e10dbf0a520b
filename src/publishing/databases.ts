import { join } from "@std/path";
import { writeDatabase } from "../formats/pacman/database_archive.ts";
import { descText, filesText } from "../formats/pacman/database_entry.ts";
import { writeFileDurably } from "../platform/files/durable.ts";
import type { GenerationFile } from "./generation.ts";
import { describeFile } from "./generation_store.ts";
import type { PackageStore } from "./package_store.ts";
import { packagesFor, type PublishedPackage } from "./published_package.ts";

/** Signs bytes, or the file at a path; null in a repository without signatures. */
export type Sign = ((data: Uint8Array | string) => Promise<Uint8Array>) | null;

/** What databases are made from. */
export interface DatabaseSource {
  readonly packages: readonly PublishedPackage[];
  readonly architectures: readonly string[];
  readonly store: PackageStore;
  readonly sign: Sign;
  /** The path of a file of the generation before, unchanged parts of which are used again. */
  readonly previous: (file: string) => string | null;
  /** The date of all files, in milliseconds since the epoch. */
  readonly date: number;
}

/** Writes the database and the file list of each architecture, and their signatures. */
export async function writeDatabases(
  directory: string,
  { packages, architectures, store, sign, previous, date }: DatabaseSource,
): Promise<Record<string, GenerationFile>> {
  const written: Record<string, GenerationFile> = {};
  const write = async (name: string, content: Uint8Array) => {
    const path = join(directory, name);
    await writeFileDurably(path, content);
    await Deno.utime(path, date / 1000, date / 1000);
    written[name] = await describeFile(path);
  };
  for (const architecture of architectures) {
    for (const kind of ["db", "files"] as const) {
      const name = databaseName(architecture, kind);
      const before = previous(name);
      const entries = packagesFor(packages, architecture)
        .map((each) => entryOf(each, store, kind === "files"));
      const known = before === null ? undefined : await Deno.readFile(before);
      const bytes = new Uint8Array(
        await new Response(ReadableStream.from(writeDatabase(entries, known))).arrayBuffer(),
      );
      await write(name, bytes);
      if (sign !== null) await write(`${name}.sig`, await sign(bytes));
    }
  }
  return written;
}

/** The name of a database within a generation. */
export function databaseName(architecture: string, member: string): string {
  return `${architecture}.${member}`;
}

function entryOf(published: PublishedPackage, store: PackageStore, withFiles: boolean) {
  const { name, version, sha256 } = published;
  return {
    name,
    version,
    identity: sha256,
    texts: async () => {
      const { info, files } = await store.factsOf(published);
      const desc = descText(info, published);
      return withFiles ? { desc, files: filesText(files) } : { desc };
    },
  };
}
