import { join } from "@std/path";
import type { SyncDbPackage } from "../../../src/formats/pacman/sync_db.ts";
import { REAL_DATA } from "../../support/real_data.ts";
import { packagesOf } from "../../support/sync_db_reading.ts";
import { signatureOf } from "../../support/changing_repository.ts";
import type { FakeMirror } from "../../support/fake_mirror.ts";

const HISTORY = join(REAL_DATA, "history");

/** The directory of the real repository, for clients and on mirrors. */
export const DIRECTORY = "archpro_repo/os/x86_64";

/** A state of the repository. */
export interface Revision {
  number: number;
  publishedAt: Date;
  db: Uint8Array<ArrayBuffer>;
  files: Uint8Array<ArrayBuffer>;
  packages: readonly SyncDbPackage[];
}

/** All revisions, oldest first. */
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

/** The package files that the real data has, by SHA-256. */
export async function readPool(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const pool = new Map<string, Uint8Array<ArrayBuffer>>();
  for await (const { name } of Deno.readDir(join(HISTORY, "pool"))) {
    pool.set(name, await Deno.readFile(join(HISTORY, "pool", name)));
  }
  return pool;
}

/** Whether the mirror has a package's signature. Depends on the content, so a rebuild may change it. */
export function isSigned(sha256: string): boolean {
  return parseInt(sha256[0]!, 16) % 3 > 0;
}

/** A mirror of the repository that moves from one revision to the next. */
export class HistoryMirror {
  /** The SHA-256 of the packages that the mirror has, by file name. */
  readonly offered = new Map<string, string>();

  readonly #mirror: FakeMirror;
  readonly #pool: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

  constructor(mirror: FakeMirror, pool: ReadonlyMap<string, Uint8Array<ArrayBuffer>>) {
    this.#mirror = mirror;
    this.#pool = pool;
  }

  /** Puts the databases of a revision on the mirror, and its packages unless these are `late`. */
  publish({ packages, db, files, publishedAt }: Revision, { late = false } = {}): void {
    const lastModified = publishedAt;
    this.#mirror.put(`${DIRECTORY}/archpro_repo.db`, db, { lastModified });
    this.#mirror.put(`${DIRECTORY}/archpro_repo.files`, files, { lastModified });
    if (late) return;
    const listed = new Map(packages.map(({ fileName, sha256 }) => [fileName, sha256!]));
    for (const [fileName, sha256] of [...this.offered]) {
      if (listed.get(fileName) === sha256) continue;
      this.#mirror.remove(`${DIRECTORY}/${fileName}`);
      this.#mirror.remove(`${DIRECTORY}/${fileName}.sig`);
      this.offered.delete(fileName);
    }
    for (const [fileName, sha256] of listed) {
      const bytes = this.#pool.get(sha256);
      if (bytes === undefined || this.offered.has(fileName)) continue;
      this.#mirror.put(`${DIRECTORY}/${fileName}`, bytes, { lastModified });
      if (isSigned(sha256)) {
        this.#mirror.put(`${DIRECTORY}/${fileName}.sig`, signatureOf(bytes), { lastModified });
      }
      this.offered.set(fileName, sha256);
    }
  }
}
