import { join } from "@std/path";

/** The variable for the directory of a service's credentials (systemd.exec(5)). */
export const CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY";

/** A credential that systemd loaded for this service, trimmed; null if there is none. */
export function readCredential(name: string): string | null {
  const directory = Deno.env.get(CREDENTIALS_VARIABLE);
  if (directory === undefined || directory === "") return null;
  try {
    return Deno.readTextFileSync(join(directory, name)).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
