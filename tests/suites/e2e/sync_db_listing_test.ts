// What pkgstash reads from real databases against what the real pacman lists of them.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { readSyncDb } from "../../../src/formats/pacman/sync_db.ts";
import {
  MALFORMED_DATABASE,
  REAL_DATA,
  REAL_DATA_MISSING,
  REAL_DATA_NOTE,
  realDatabases,
} from "../../support/real_data.ts";

/** Lays databases into a database folder of pacman's own, as repositories r0, r1, ... */
async function layOut(folder: string, databases: readonly string[]): Promise<string> {
  for (const part of ["root", "db/local", "db/sync", "cache", "gpg", "hooks"]) {
    await Deno.mkdir(join(folder, part), { recursive: true });
  }
  await Deno.writeTextFile(join(folder, "db/local/ALPM_DB_VERSION"), "9\n");
  const lines = [
    "[options]",
    `RootDir = ${folder}/root`,
    `DBPath = ${folder}/db`,
    `CacheDir = ${folder}/cache`,
    `GPGDir = ${folder}/gpg`,
    `HookDir = ${folder}/hooks`,
    `LogFile = ${folder}/pacman.log`,
    "Architecture = auto",
    "SigLevel = Never",
  ];
  for (const [index, database] of databases.entries()) {
    await Deno.copyFile(join(REAL_DATA, database), join(folder, `db/sync/r${index}.db`));
    lines.push(`[r${index}]`, "Server = http://127.0.0.1:9/");
  }
  const configuration = join(folder, "pacman.conf");
  await Deno.writeTextFile(configuration, lines.join("\n") + "\n");
  return configuration;
}

/** `name version` of every package that pacman lists for a repository. */
async function listedByPacman(configuration: string, repository: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("pacman", {
    args: ["--config", configuration, "-Sl", repository],
    env: { LC_ALL: "C" },
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "")
    .map((line) => line.split(" ").slice(1, 3).join(" ")).sort();
}

async function listedByPkgstash(database: string): Promise<string[]> {
  const file = await Deno.open(join(REAL_DATA, database));
  const packages = await Array.fromAsync(readSyncDb(file.readable));
  return packages.map(({ name, version }) => `${name} ${version}`).sort();
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "pkgstash-listing-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: `every real database has the packages that pacman lists${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  fn: () =>
    inFolder(async (folder) => {
      const databases = realDatabases().filter((path) => !path.includes(".files"));
      const configuration = await layOut(folder, databases);
      let total = 0;
      for (const [index, database] of databases.entries()) {
        const expected = await listedByPacman(configuration, `r${index}`);
        assertEquals(await listedByPkgstash(database), expected, database);
        total += expected.length;
      }
      assert(total > 20_000, `${total} packages in ${databases.length} databases`);
    }),
});

Deno.test({
  name: `the database that pkgstash refuses is one that pacman lists nothing of${REAL_DATA_NOTE}`,
  ignore: REAL_DATA_MISSING,
  fn: () =>
    inFolder(async (folder) => {
      const configuration = await layOut(folder, [MALFORMED_DATABASE]);
      assertEquals(await listedByPacman(configuration, "r0"), []);
    }),
});
