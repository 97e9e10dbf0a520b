import { reasonOf } from "../errors.ts";
import type { Config } from "./config.ts";
import { parseConfig } from "./load.ts";
import { BINARY_CACHE_ROOT, BINARY_STATE_ROOT, outOfReach, reachOf } from "./out_of_reach.ts";
import { ConfigProblems } from "./problem.ts";
import type { SecretFileContent } from "./secret_file.ts";
import { readCredential } from "../platform/systemd/credential.ts";

/** The configuration file that is read by default, if it exists. */
export const DEFAULT_CONFIG_PATH = "/etc/pkgstash/pkgstash.toml";

/** Name of the credential that may hold the token (LoadCredential= of systemd.exec(5)). */
const TOKEN_CREDENTIAL = "pkgstash.token";

/** A configuration and its origin. */
export interface EffectiveConfig {
  readonly config: Config;
  /** Where each value comes from, by full key such as "upstreams.manjaro.mirror_urls". */
  readonly origins: ReadonlyMap<string, string>;
  /** The configuration file; null if there is none. */
  readonly file: string | null;
}

/**
 * Reads the configuration from a file, the environment and the defaults. Throws `ConfigProblems`
 * with everything that is wrong, which includes a named file that cannot be read.
 */
export async function readConfig(path?: string): Promise<Config> {
  return (await readEffectiveConfig(path)).config;
}

/** As `readConfig`, and with the origin of every value. */
export async function readEffectiveConfig(path?: string): Promise<EffectiveConfig> {
  const file = path ?? DEFAULT_CONFIG_PATH;
  const text = await readConfigFile(file, path !== undefined);
  const parsed = parseConfig({
    text: text ?? "",
    fileName: text === null ? "defaults" : file,
    getEnvironment: (name) => Deno.env.get(name),
    readSecretFile,
    tokenCredential: { name: TOKEN_CREDENTIAL, value: readCredential(TOKEN_CREDENTIAL) },
    // The working directory of a service is arbitrary, so its files must not depend on it.
    ...(Deno.build.standalone
      ? { cacheRoot: BINARY_CACHE_ROOT, stateRoot: BINARY_STATE_ROOT }
      : {}),
    workingDirectory: Deno.cwd(),
  });
  if (!parsed.ok) throw new ConfigProblems(parsed.problems);
  if (Deno.build.standalone) {
    const sourceOf = (key: string) => {
      const origin = parsed.origins.get(key);
      return origin === undefined || origin === "file" ? file : origin;
    };
    const problems = outOfReach(parsed.config, sourceOf, isGranted);
    if (problems.length > 0) throw new ConfigProblems(problems);
  }
  return { ...parsed, file: text === null ? null : file };
}

/** The mirrorlists that cannot be read now, and why. The daemon starts without their mirrors. */
export async function unreadableMirrorlists(
  { upstreams }: Config,
): Promise<{ path: string; failure: string }[]> {
  const unreadable: { path: string; failure: string }[] = [];
  for (const path of new Set(upstreams.map(({ mirrorlist }) => mirrorlist))) {
    if (path === "") continue;
    await Deno.readTextFile(path)
      .catch((error) => unreadable.push({ path, failure: failureOf(error) }));
  }
  return unreadable;
}

/** Returns the text, or null if the file is absent and not required. */
async function readConfigFile(file: string, required: boolean): Promise<string | null> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (!required && error instanceof Deno.errors.NotFound) return null;
    throw new ConfigProblems([{
      source: file,
      key: "",
      found: failureOf(error),
      expected: isOutOfReach(error) ? reachOf("read") : "a readable configuration file",
    }]);
  }
}

function readSecretFile(path: string): SecretFileContent {
  try {
    return { text: Deno.readTextFileSync(path), mode: Deno.statSync(path).mode };
  } catch (error) {
    return {
      failure: failureOf(error),
      ...(isOutOfReach(error) ? { expected: reachOf("read") } : {}),
    };
  }
}

function isGranted(access: "read" | "write", path: string): boolean {
  return Deno.permissions.querySync({ name: access, path }).state === "granted";
}

/** Whether the runtime lacks the permission, as opposed to the user. */
function isOutOfReach(error: unknown): boolean {
  return Deno.build.standalone && error instanceof Deno.errors.NotCapable;
}

function failureOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.NotCapable && Deno.build.standalone) {
    return "a path out of reach";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "a file that this user cannot read";
  return reasonOf(error);
}
