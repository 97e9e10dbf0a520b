import { join } from "@std/path";

/** The variable that names the directory of a service's credentials (systemd.exec(5)). */
export const CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY";

/** A credential that systemd was told to load for this service, without the line's end; or null. */
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
