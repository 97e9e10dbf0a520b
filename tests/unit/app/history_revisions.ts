import { join } from "@std/path";
import type { SyncDbPackage } from "../../../src/formats/pacman/sync_db.ts";
import { REAL_DATA } from "../../support/real_data.ts";
import { packagesOf } from "../formats/pacman/sync_db_reading.ts";
import { signatureOf } from "../mirroring/databases/changing_repository.ts";
import type { FakeMirror } from "../../support/fake_mirror.ts";

const HISTORY = join(REAL_DATA, "history");

/** The directory of the real repository whose history it is, as clients and mirrors have it. */
export const DIRECTORY = "archpro_repo/os/x86_64";

/** One state of the repository. */
export interface Revision {
  number: number;
  publishedAt: Date;
  db: Uint8Array<ArrayBuffer>;
  files: Uint8Array<ArrayBuffer>;
  packages: readonly SyncDbPackage[];
}

/** All revisions, the oldest first. */
export async function readRevisions(): Promise<Revision[]> {
  const table = await Deno.readTextFile(join(HISTORY, "REVISIONS.tsv"));
  return await Promise.all(
    table.trim().split("\n").slice(1).map(async (line, number) => {
      const [folder = "", epoch] = line.split("\t");
      const read = (member: string) =>
        Deno.readFile(join(HISTORY, "revisions", folder, `archpro_repo.${member}`));
      const [db, files] = await Promise.all([read("db"), read("files")]);
      const publishedAt = new Date(Number(epoch) * 1000);
      return { number, publishedAt, db, files, packages: await packagesOf(db) };
    }),
  );
}

/** The package files that were kept, by their SHA-256. */
export async function readPool(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const pool = new Map<string, Uint8Array<ArrayBuffer>>();
  for await (const { name } of Deno.readDir(join(HISTORY, "pool"))) {
    pool.set(name, await Deno.readFile(join(HISTORY, "pool", name)));
  }
  return pool;
}

/** Some packages are signed, others not, and of two with one name it may be the one or the other. */
export function isSigned(sha256: string): boolean {
  return parseInt(sha256[0]!, 16) % 3 > 0;
}

/** The mirror of the repository as it goes from one revision to the next. */
export class HistoryMirror {
  /** SHA-256 of the packages that the mirror has, by file name. */
  readonly offered = new Map<string, string>();

  constructor(
    private readonly mirror: FakeMirror,
    private readonly pool: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  ) {}

  /** Copies the databases of a revision, and its packages as well unless they come later. */
  publish({ packages, db, files, publishedAt }: Revision, { late = false } = {}): void {
    const lastModified = publishedAt;
    this.mirror.put(`${DIRECTORY}/archpro_repo.db`, db, { lastModified });
    this.mirror.put(`${DIRECTORY}/archpro_repo.files`, files, { lastModified });
    if (late) return;
    const named = new Map(packages.map(({ fileName, sha256sum }) => [fileName, sha256sum!]));
    for (const [fileName, sha256] of [...this.offered]) {
      if (named.get(fileName) === sha256) continue;
      this.mirror.remove(`${DIRECTORY}/${fileName}`);
      this.mirror.remove(`${DIRECTORY}/${fileName}.sig`);
      this.offered.delete(fileName);
    }
    for (const [fileName, sha256] of named) {
      const bytes = this.pool.get(sha256);
      if (bytes === undefined || this.offered.has(fileName)) continue;
      this.mirror.put(`${DIRECTORY}/${fileName}`, bytes, { lastModified });
      if (isSigned(sha256)) {
        this.mirror.put(`${DIRECTORY}/${fileName}.sig`, signatureOf(bytes), { lastModified });
      }
      this.offered.set(fileName, sha256);
    }
  }
}
