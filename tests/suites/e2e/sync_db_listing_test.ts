// Packages that pkgstash reads from real databases, compared with those that pacman lists.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { readSyncDb } from "../../../src/formats/pacman/sync_db.ts";
import type { PacmanClient } from "../../support/end_to_end/pacman_client.ts";
import { endToEndTest, type TestBed } from "../../support/end_to_end/test_bed.ts";
import { ODD_DATABASES } from "../../support/odd_databases.ts";
import { tarOf } from "../../support/sync_db_reading.ts";
import {
  MALFORMED_DATABASE,
  REAL_DATA,
  REAL_DATA_MISSING,
  REAL_DATA_NOTE,
  realDatabases,
} from "../../support/real_data.ts";

/** A client that has these databases as those of its repositories r0, r1, ... */
async function clientWith(bed: TestBed, databases: readonly string[]): Promise<PacmanClient> {
  const repositories = databases.map((_, index) => `r${index}`);
  const client = await bed.client(["http://127.0.0.1:9/"], { repositories });
  for (const [index, database] of databases.entries()) {
    await Deno.copyFile(join(REAL_DATA, database), client.database(`r${index}.db`));
  }
  return client;
}

/** `name version` of every package that pacman lists for a repository. */
async function listedByPacman(client: PacmanClient, repository: string): Promise<string[]> {
  const { stdout } = await client.try("-Sl", repository);
  return stdout.split("\n").filter((line) => line !== "")
    .map((line) => line.split(" ").slice(1, 3).join(" ")).sort();
}

async function listedByPkgstash(database: string): Promise<string[]> {
  const file = await Deno.open(join(REAL_DATA, database));
  const { packages } = await readSyncDb(file.readable);
  return (packages ?? []).map(({ name, version }) => `${name} ${version}`).sort();
}

endToEndTest(`a real database has the packages that pacman lists${REAL_DATA_NOTE}`, async (bed) => {
  const databases = realDatabases().filter((path) => !path.includes(".files"));
  const client = await clientWith(bed, databases);
  let total = 0;
  for (const [index, database] of databases.entries()) {
    const expected = await listedByPacman(client, `r${index}`);
    assertEquals(await listedByPkgstash(database), expected, database);
    total += expected.length;
  }
  assert(total > 20_000, `${total} packages in ${databases.length} databases`);
}, { ignore: REAL_DATA_MISSING });

endToEndTest(
  `pacman lists nothing of the database that pkgstash refuses${REAL_DATA_NOTE}`,
  async (bed) => {
    const client = await clientWith(bed, [MALFORMED_DATABASE]);
    assertEquals(await listedByPacman(client, "r0"), []);
  },
  { ignore: REAL_DATA_MISSING },
);

endToEndTest("pacman accepts and refuses the same odd databases", async (bed) => {
  const repositories = ODD_DATABASES.map((_, index) => `r${index}`);
  const client = await bed.client(["http://127.0.0.1:9/"], { repositories });
  for (const [index, { members }] of ODD_DATABASES.entries()) {
    await Deno.writeFile(client.database(`r${index}.db`), await tarOf(...members));
  }
  for (const [index, { what, isTaken }] of ODD_DATABASES.entries()) {
    const { stdout } = await client.try("-Sl", `r${index}`);
    assertEquals(stdout.includes(`r${index} b 1-1`), isTaken, what);
  }
});
