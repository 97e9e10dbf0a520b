import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path";
import { PkgstashError, reasonOf } from "../errors.ts";
import { writeFileDurably } from "../platform/files/durable.ts";

const TOKEN_BYTES = 32;

/** The file of a token that the daemon created for its administrator. */
export function madeTokenFile(stateRoot: string): string {
  return join(stateRoot, "token");
}

/**
 * The token that an earlier start created, or a new one. Its file is readable only by this user.
 */
export async function makeToken(stateRoot: string): Promise<string> {
  const path = madeTokenFile(stateRoot);
  try {
    return (await Deno.readTextFile(path)).trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw cannot("read", path, error);
  }
  const token = encodeHex(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
  try {
    await writeFileDurably(path, `${token}\n`, { mode: 0o600 });
  } catch (error) {
    throw cannot("write", path, error);
  }
  return token;
}

function cannot(action: string, path: string, error: unknown): PkgstashError {
  return new PkgstashError(
    "storage",
    `Cannot ${action} ${path}, the administrator's token: ${
      reasonOf(error)
    }. Check its directory ` +
      "and permissions, or set PKGSTASH_TOKEN.",
    { cause: error },
  );
}
