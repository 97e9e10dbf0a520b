import { reasonOf } from "../errors.ts";
import { AdministrationError, EXIT_CODE } from "./errors.ts";

/** Means standard input, which works even where the binary may not read the file. */
export const STANDARD_INPUT = "-";

/**
 * Reads a file, or standard input for `-`, as text.
 *
 * @throws AdministrationError if it cannot be read.
 */
export async function readKeyFile(path: string): Promise<string> {
  if (path === STANDARD_INPUT) return await new Response(Deno.stdin.readable).text();
  try {
    // Query first: reading without permission would prompt on a terminal.
    const { state } = await Deno.permissions.query({ name: "read", path });
    if (state !== "granted") throw new Deno.errors.NotCapable(path);
    return await Deno.readTextFile(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "no such file"
      : error instanceof Deno.errors.NotCapable
      ? `this program may not read it. Pass it on standard input: - < ${path}`
      : reasonOf(error);
    throw new AdministrationError(EXIT_CODE.failure, `Cannot read ${path}: ${reason}.`);
  }
}
