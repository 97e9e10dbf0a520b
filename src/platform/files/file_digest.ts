import { createHash } from "node:crypto";

/** SHA-256 of a file's bytes, lower-case hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}
