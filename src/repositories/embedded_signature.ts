import { readSyncDb } from "../formats/pacman/sync_db.ts";

/** The signature that a database carries for a package file (%PGPSIG%), or null. */
export async function findEmbeddedSignature(
  databasePath: string,
  fileName: string,
): Promise<Uint8Array | null> {
  using file = await Deno.open(databasePath);
  for await (const entry of readSyncDb(file.readable)) {
    if (entry.fileName !== fileName) continue;
    return entry.pgpSignature === undefined ? null : decode(entry.pgpSignature);
  }
  return null;
}

function decode(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
