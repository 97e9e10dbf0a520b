import { reasonOf } from "../errors.ts";
import type { Config } from "./config.ts";
import { parseConfig } from "./load.ts";
import { BINARY_CACHE_ROOT, BINARY_STATE_ROOT, outOfReach, reachOf } from "./out_of_reach.ts";
import { ConfigProblems } from "./problem.ts";
import { UPSTREAM_KEYS, upstreamKey } from "./schema.ts";
import type { SecretFileContent } from "./secret_file.ts";
import { SETTINGS } from "./settings.ts";
import { renounceReading } from "../platform/permissions.ts";
import { readCredential } from "../platform/systemd/credential.ts";

/** The configuration file read by default, if it exists. */
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
 * with all problems, including a named file that cannot be read.
 */
export async function readConfig(path?: string): Promise<EffectiveConfig> {
  const file = path ?? DEFAULT_CONFIG_PATH;
  const text = await readConfigFile(file, path !== undefined);
  // Paths in the configuration are judged as the daemon will find them.
  await renounceReading();
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

/** A file named by a key that cannot be read now. */
export interface UnreadableFile {
  /** Its full key. */
  readonly key: string;
  readonly path: string;
  /** Why, in words. */
  readonly failure: string;
  /** Whether the daemon cannot start without it. */
  readonly isRequired: boolean;
}

/** The files of a configuration that cannot be read now: mirrorlists, and those of TLS. */
export async function unreadableFiles(config: Config): Promise<UnreadableFile[]> {
  const tls = [SETTINGS.tlsCertificate, SETTINGS.tlsKey].map(({ name }, index) => ({
    key: name,
    path: [config.tlsCertificate, config.tlsKey][index] ?? "",
    isRequired: true,
  }));
  const mirrorlists = config.upstreams.map(({ name, mirrorlist }) => ({
    key: upstreamKey(name, UPSTREAM_KEYS.mirrorlist),
    path: mirrorlist,
    isRequired: false,
  }));
  const unreadable: UnreadableFile[] = [];
  for (const file of [...tls, ...mirrorlists]) {
    if (file.path === "") continue;
    await Deno.readTextFile(file.path)
      .catch((error) => unreadable.push({ ...file, failure: failureOf(error) }));
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

/** Whether the permission is missing in the runtime rather than for the user. */
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
