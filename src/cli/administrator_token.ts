import { join } from "@std/path";
import { parseEnvFile } from "../config/env_file.ts";
import { DEFAULT_STATE_ROOT } from "../config/out_of_reach.ts";
import { TOKEN_VARIABLE } from "../config/schema.ts";
import { reasonOf } from "../errors.ts";
import { HOME_VARIABLES } from "../platform/permissions.ts";
import { madeTokenFile } from "../config/made_token.ts";
import { AdministrationError, EXIT_CODE } from "./errors.ts";

/** The token file of the distribution package. */
export const PACKAGE_TOKEN_FILE = "/etc/pkgstash/pkgstash.env";

const VARIABLE = TOKEN_VARIABLE.name;

/** The administrator's token, and the file or variable that it came from. */
export interface AdministratorToken {
  readonly token: string;
  readonly source: string;
}

/** Where the token is looked up; replaced in tests. */
export interface TokenPlaces {
  readonly getEnvironment: (name: string) => string | undefined;
  readonly readFile: (path: string) => Promise<string>;
}

const THIS_MACHINE: TokenPlaces = {
  getEnvironment: (variable) => {
    // Query first: without permission, reading would prompt on a terminal.
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    return state === "granted" ? Deno.env.get(variable) : undefined;
  },
  readFile: async (path) => {
    const { state } = await Deno.permissions.query({ name: "read", path });
    if (state !== "granted") throw new Deno.errors.NotCapable(path);
    return await Deno.readTextFile(path);
  },
};

/**
 * Finds the token in `file` if given, else in the environment, else in the first readable default
 * file. A file contains only the token, or a line PKGSTASH_TOKEN=TOKEN.
 *
 * @throws AdministrationError if there is none. It lists the places searched.
 */
export async function findToken(
  file: string | undefined,
  { getEnvironment, readFile }: TokenPlaces = THIS_MACHINE,
): Promise<AdministratorToken> {
  const variable = getEnvironment(VARIABLE);
  if (file === undefined && variable !== undefined && variable !== "") {
    return { token: checkedToken(variable.trim(), VARIABLE), source: VARIABLE };
  }
  const failures: string[] = [];
  for (const path of file === undefined ? defaultFiles(getEnvironment) : [file]) {
    let content: string;
    try {
      content = await readFile(path);
    } catch (error) {
      failures.push(`${path}: ${failureOf(error, path)}`);
      continue;
    }
    return { token: tokenIn(content, path), source: path };
  }
  throw noToken(...failures);
}

/** The default files, in order. */
function defaultFiles(getEnvironment: TokenPlaces["getEnvironment"]): string[] {
  const [configuration, home] = HOME_VARIABLES.map(getEnvironment);
  // The XDG Base Directory Specification ignores relative paths.
  const folder = configuration?.startsWith("/")
    ? configuration
    : home
    ? join(home, ".config")
    : null;
  return [
    ...(folder === null ? [] : [join(folder, "pkgstash", "token")]),
    PACKAGE_TOKEN_FILE,
    madeTokenFile(DEFAULT_STATE_ROOT),
  ];
}

function tokenIn(content: string, path: string): string {
  const { values } = parseEnvFile(content);
  const value = values.get(VARIABLE);
  if (value !== undefined && value !== "") return checkedToken(value, path);
  const [word, ...others] = content.trim().split(/\s+/);
  // A token may end with equals signs, as in base64; NAME=VALUE is not a token.
  const isAlone = others.length === 0 && value === undefined;
  if (isAlone && word !== undefined && /^[^=]+=*$/.test(word)) return checkedToken(word, path);
  throw noToken(`${path}: no line reads ${VARIABLE}=TOKEN`);
}

/** HTTP headers allow only printable ASCII. */
function checkedToken(token: string, source: string): string {
  if (TOKEN_VARIABLE.accepts(token)) return token;
  throw noToken(`${source}: the token contains characters other than printable ASCII`);
}

function noToken(...reasons: string[]): AdministrationError {
  return new AdministrationError(
    EXIT_CODE.refused,
    "Cannot read the administrator's token.\n" +
      `${
        reasons.map((each) => `  ${each}.\n`).join("")
      }  Pass a token file with --token-file, or ` +
      `set ${VARIABLE}. The daemon needs the same token:\n` +
      `  set ${VARIABLE} in its environment or its env_file, or start it with --make-token.`,
  );
}

function failureOf(error: unknown, path: string): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) {
    return path === PACKAGE_TOKEN_FILE
      ? "permission denied; run this as root, or join the file's group"
      : path === madeTokenFile(DEFAULT_STATE_ROOT)
      ? "permission denied; run this as root, or as the daemon's user"
      : "permission denied";
  }
  if (error instanceof Deno.errors.NotCapable) return "Deno has no permission to read it";
  return reasonOf(error);
}
