import { createHash } from "node:crypto";
import { join } from "@std/path";
import { writeDatabase } from "../formats/pacman/database_archive.ts";
import { descText, filesText } from "../formats/pacman/database_entry.ts";
import type { OwnRepositoryConfig } from "../config/own_repositories.ts";
import { writeFileDurably } from "../platform/files/durable.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import type { Generation, GenerationFile } from "./generation.ts";
import { describeFile } from "./generation_store.ts";
import type { PackageStore } from "./package_store.ts";
import { packagesFor, type PublishedPackage } from "./published_package.ts";

const log = eventLogger("publishing");

/** Signs bytes, or the file at a path; null in a repository without signatures. */
export type Sign = ((data: Uint8Array | string) => Promise<Uint8Array>) | null;

/** Where a file of a generation is, and what it must contain. */
export type PreviousFile = GenerationFile & { readonly path: string };

/** What the databases are built from. */
export interface DatabaseSource {
  readonly packages: readonly PublishedPackage[];
  readonly architectures: readonly string[];
  readonly store: PackageStore;
  readonly sign: Sign;
  /** A file of the previous generation, whose unchanged parts are reused if it is intact. */
  readonly previous: (file: string) => PreviousFile | null;
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
      const known = before === null ? undefined : await intactBytes(before);
      const bytes = new Uint8Array(
        await new Response(ReadableStream.from(writeDatabase(entries, known))).arrayBuffer(),
      );
      await write(name, bytes);
      if (sign !== null) await write(`${name}.sig`, await sign(bytes));
    }
  }
  return written;
}

/**
 * The file's bytes; undefined if they differ from what was published, so that nothing is reused.
 */
async function intactBytes({ path, sha256 }: PreviousFile): Promise<Uint8Array | undefined> {
  const bytes = await Deno.readFile(path);
  if (createHash("sha256").update(bytes).digest("hex") === sha256) return bytes;
  log.warn("a published database is damaged; building the next one from scratch", { path });
}

/** Whether a generation has exactly the databases that the settings require. */
export function hasDatabases(
  generation: Pick<Generation, "files"> | null,
  { architectures, signing }: Pick<OwnRepositoryConfig, "architectures" | "signing">,
): boolean {
  if (generation === null) return false;
  const members = signing === "none" ? ["db", "files"] : ["db", "db.sig", "files", "files.sig"];
  const wanted = architectures.flatMap((each) =>
    members.map((member) => databaseName(each, member))
  );
  const present = Object.keys(generation.files).filter((name) => !name.endsWith(".json"));
  return wanted.toSorted().join() === present.toSorted().join();
}

/** The name of a database within its generation. */
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
