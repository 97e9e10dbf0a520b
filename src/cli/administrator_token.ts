import { parseEnvFile } from "../config/env_file.ts";
import { TOKEN_VARIABLE } from "../config/schema.ts";
import { reasonOf } from "../errors.ts";
import { AdministrationError, EXIT_CODE } from "./errors.ts";

/** Where the distribution package puts the token. */
export const DEFAULT_TOKEN_FILE = "/etc/pkgstash/pkgstash.env";

const VARIABLE = TOKEN_VARIABLE.name;

/** The administrator's token and where it was found. */
export interface AdministratorToken {
  readonly token: string;
  readonly source: string;
}

/** The parts of the machine that the token is looked up in. */
export interface TokenPlaces {
  readonly getEnvironment: (name: string) => string | undefined;
  readonly readFile: (path: string) => Promise<string>;
}

const THIS_MACHINE: TokenPlaces = {
  getEnvironment: (name) => Deno.env.get(name),
  readFile: async (path) => {
    // Query first: reading without permission would prompt on a terminal.
    const { state } = await Deno.permissions.query({ name: "read", path });
    if (state !== "granted") throw new Deno.errors.NotCapable(path);
    return await Deno.readTextFile(path);
  },
};

/**
 * Finds the token in `file` if that is given, else in the environment, else in the default file. A
 * file contains the token alone, or a line PKGSTASH_TOKEN=TOKEN.
 *
 * @throws AdministrationError that names the place and what to do.
 */
export async function findToken(
  file: string | undefined,
  { getEnvironment, readFile }: TokenPlaces = THIS_MACHINE,
): Promise<AdministratorToken> {
  if (file !== undefined) return { token: await readToken(file, readFile), source: file };
  const variable = getEnvironment(VARIABLE);
  if (variable !== undefined && variable !== "") {
    return { token: checkedToken(variable.trim(), VARIABLE), source: VARIABLE };
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
  if (value !== undefined && value !== "") return checkedToken(value, path);
  const [word, ...others] = content.trim().split(/\s+/);
  // Base64 may end with equals signs, but that is no line NAME=VALUE.
  const isAlone = others.length === 0 && value === undefined;
  if (isAlone && word !== undefined && /^[^=]+=*$/.test(word)) return checkedToken(word, path);
  throw noToken(`${path}: it has no line ${VARIABLE}=TOKEN`);
}

/** Only visible ASCII may be sent in a header. */
function checkedToken(token: string, source: string): string {
  if (TOKEN_VARIABLE.accepts(token)) return token;
  throw noToken(`${source}: the token has characters other than visible ASCII`);
}

function noToken(reason: string): AdministrationError {
  return new AdministrationError(
    EXIT_CODE.refused,
    `Cannot read the administrator's token.\n  ${reason}.\n` +
      `  Set ${VARIABLE} in the environment, or name a file with --token-file.`,
  );
}

function failureOf(error: unknown, path: string): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) {
    return path === DEFAULT_TOKEN_FILE
      ? "this user may not read it; become root, or join the group that owns it"
      : "this user may not read it";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "this program may not read it, only files in the directories it was built for, " +
      "such as /etc/pkgstash";
  }
  return reasonOf(error);
}
