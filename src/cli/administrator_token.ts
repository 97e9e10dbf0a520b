import { parseEnvFile } from "../config/env_file.ts";
import { TOKEN_VARIABLE } from "../config/schema.ts";
import { reasonOf } from "../errors.ts";
import { AdministrationError } from "./administration_error.ts";
import { EXIT_CODE } from "./exit_code.ts";

/** Where the package puts the token. */
export const DEFAULT_TOKEN_FILE = "/etc/pkgstash/pkgstash.env";

const VARIABLE = TOKEN_VARIABLE.name;

/** The administrator's token and where it was found. */
export interface AdministratorToken {
  readonly token: string;
  readonly source: string;
}

/** How the token is looked for; parts of the machine, for tests. */
export interface TokenPlaces {
  readonly getEnvironment: (name: string) => string | undefined;
  readonly readFile: (path: string) => Promise<string>;
}

const MACHINE: TokenPlaces = {
  getEnvironment: (name) => Deno.env.get(name),
  readFile: async (path) => {
    // Asking first, as a terminal would be asked for a permission that was not given.
    const { state } = await Deno.permissions.query({ name: "read", path });
    if (state !== "granted") throw new Deno.errors.NotCapable(path);
    return await Deno.readTextFile(path);
  },
};

/**
 * The token from the named file, else from the environment, else from the default place. A file has
 * it alone, or in a line PKGSTASH_TOKEN=TOKEN.
 *
 * @throws AdministrationError that says where it was looked for and what to do.
 */
export async function findToken(
  file: string | undefined,
  { getEnvironment, readFile }: TokenPlaces = MACHINE,
): Promise<AdministratorToken> {
  if (file !== undefined) return { token: await readToken(file, readFile), source: file };
  const variable = getEnvironment(VARIABLE);
  if (variable !== undefined && variable !== "") {
    return { token: sendable(variable.trim(), VARIABLE), source: VARIABLE };
  }
  return {
    token: await readToken(DEFAULT_TOKEN_FILE, readFile),
    source: DEFAULT_TOKEN_FILE,
  };
}

async function readToken(
  path: string,
  readFile: TokenPlaces["readFile"],
): Promise<string> {
  let content: string;
  try {
    content = await readFile(path);
  } catch (error) {
    throw noToken(`${path}: ${failureOf(error, path)}`);
  }
  const { values } = parseEnvFile(content);
  const value = values.get(VARIABLE);
  if (value !== undefined && value !== "") return sendable(value, path);
  const words = content.trim().split(/\s+/);
  // Base64 may end with equals signs, which make no line of NAME=VALUE.
  const isAlone = words.length === 1 && /^[^=]+=*$/.test(words[0]!) && value === undefined;
  if (isAlone) return sendable(words[0]!, path);
  throw noToken(`${path}: there is no line ${VARIABLE}=TOKEN in it`);
}

/** Only visible ASCII can stand in a header. */
function sendable(token: string, source: string): string {
  if (TOKEN_VARIABLE.accepts(token)) return token;
  throw noToken(`${source}: it has characters that no token can have`);
}

function noToken(reason: string): AdministrationError {
  return new AdministrationError(
    EXIT_CODE.refused,
    `Cannot read the administrator's token.\n  ${reason}.\n` +
      `  Give it as ${VARIABLE} in the environment, or in a file with --token-file.`,
  );
}

function failureOf(error: unknown, path: string): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) {
    return path === DEFAULT_TOKEN_FILE
      ? "it must not be read by this user; become root, or join the group that owns it"
      : "it must not be read by this user";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "this program may not read there, only in the places that it was built for, " +
      "such as /etc/pkgstash";
  }
  return reasonOf(error);
}
