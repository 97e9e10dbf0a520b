// A database as large as Arch's extra: parsing it, and comparing the versions in it.
import { largeListing } from "../load/large_database.ts";
import { readSyncDb } from "../../src/formats/pacman/sync_db.ts";
import { vercmp } from "../../src/formats/pacman/vercmp.ts";
import { syncDbBytes } from "../../tests/support/sync_db_bytes.ts";

const PACKAGES = 15_000;
const database = await syncDbBytes(largeListing(PACKAGES));
// Pairs as updates have them, with epochs, letters and long numbers among them.
const versions = Array.from({ length: PACKAGES }, (_, number): [string, string] => {
  const epoch = number % 20 === 0 ? "1:" : "";
  const suffix = number % 10 === 0 ? ".r315.g1a2b3c4" : number % 7 === 0 ? "rc1" : "";
  const base = `${epoch}${number % 30}.${number % 13}.${number % 7}`;
  return [`${base}${suffix}-${number % 3}`, `${base}-${number % 4}`];
});

Deno.bench(`database: parse ${PACKAGES} packages`, async () => {
  await readSyncDb(ReadableStream.from([database]));
});

Deno.bench(`vercmp: ${PACKAGES} pairs`, () => {
  for (const [a, b] of versions) vercmp(a, b);
});
