import { createHash } from "node:crypto";

/** The SHA-256 of some bytes, as 64 hexadecimal digits. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The SHA-256 of a file, as 64 hexadecimal digits. */
export async function sha256OfFile(path: string): Promise<string> {
  return sha256Of(await Deno.readFile(path));
}
