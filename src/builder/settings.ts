import { KeyReader } from "../config/key_reader.ts";
import { ConfigProblems } from "../config/problem.ts";
import type { ConfigKey, ValuesOf } from "../config/schema.ts";
import { readSecrets } from "../config/secret_file.ts";
import { parseToml } from "../config/toml_document.ts";
import { byteSize, choice, count, list, path, text } from "../config/value_type.ts";
import { daemonUrl } from "../api_client/endpoint_request.ts";
import { isBearerToken } from "../formats/http/bearer_token.ts";
import { reasonOf } from "../errors.ts";
import { LOG_LEVELS } from "../log_level.ts";
import { readCredential } from "../platform/systemd/credential.ts";

/** The configuration file, unless `--config` names another. */
export const DEFAULT_SETTINGS_PATH = "/etc/pkgstash-builder/pkgstash-builder.toml";

export const URL_VARIABLE = "PKGSTASH_BUILDER_URL";
export const TOKEN_VARIABLE = "PKGSTASH_BUILDER_TOKEN";
const TOKEN_CREDENTIAL = "pkgstash-builder.token";

function key<T>(key: ConfigKey<T>): ConfigKey<T> {
  return key;
}

const daemon = text("URL", "an HTTP URL", (value) => {
  return daemonUrl(value) === null ? 'an HTTP URL such as "http://localhost:8090"' : null;
});

const architecture = text(
  "architecture",
  "an architecture",
  (value) => /^[a-z0-9_]{1,32}$/.test(value) ? null : 'an architecture such as "x86_64"',
);

const keyServer = text("URL", "a URL of a key server", (value) => {
  return /^hkps?:\/\/[\w.:-]+$/.test(value) ? null : 'a URL such as "hkps://keys.openpgp.org"';
});

/** The keys of the builder's configuration, each with its default and a description. */
export const SETTINGS = {
  url: key({
    name: "url",
    type: daemon,
    defaultValue: "http://localhost:8090",
    description: "URL of the daemon, which has the queue and serves the packages for roots.",
  }),
  tokenFile: key({
    name: "token_file",
    type: path,
    defaultValue: "/etc/pkgstash-builder/token",
    description:
      'File with the token that "pkgstash token create --builder" prints; it must not be accessible to other users.',
  }),
  stateDirectory: key({
    name: "state_directory",
    type: path,
    defaultValue: "/var/lib/pkgstash-builder",
    description:
      "Directory for roots, sources and builds in progress; it needs room for the largest build.",
  }),
  concurrency: key({
    name: "concurrency",
    type: count(1, 64),
    defaultValue: 1,
    description: "Number of builds at the same time.",
  }),
  jobs: key({
    name: "jobs",
    type: count(0, 1024),
    defaultValue: 0,
    description: "Jobs of make in a build (MAKEFLAGS=-j); 0 means the number of processors.",
  }),
  architectures: key({
    name: "architectures",
    type: list(architecture, 'a list of architectures such as ["x86_64"]'),
    defaultValue: [Deno.build.arch],
    description: "Architectures that this machine can build for.",
  }),
  keyring: key({
    name: "keyring",
    type: path,
    defaultValue: "/etc/pacman.d/gnupg",
    description: "pacman keyring that verifies packages of the distribution.",
  }),
  keyServers: key({
    name: "key_servers",
    type: list(keyServer, 'a list of key servers such as ["hkps://keys.openpgp.org"]'),
    defaultValue: ["hkps://keyserver.ubuntu.com", "hkps://keys.openpgp.org"],
    description: "Key servers for keys in validpgpkeys that are not in the package source.",
  }),
  buildIn: key({
    name: "build_in",
    type: choice(["disk", "memory"] as const),
    defaultValue: "disk",
    description: "Where builds unpack and compile: on disk, below state_directory, or in memory.",
  }),
  maxSources: key({
    name: "max_sources",
    type: byteSize,
    defaultValue: "20GB",
    description:
      "Maximum disk space for fetched sources, which are kept for the next build of the same package; the least recently used ones are removed first.",
  }),
  minFreeSpace: key({
    name: "min_free_space",
    type: byteSize,
    defaultValue: "1GB",
    description: "Free disk space below which running builds are ended.",
  }),
  rootBase: key({
    name: "root_base",
    type: choice(["packages", "host"] as const),
    defaultValue: "packages",
    description:
      "Base of the roots: only packages of the distribution, or the /usr of this machine with packages on top, for tests without a distribution.",
  }),
  logLevel: key({
    name: "log_level",
    type: choice(LOG_LEVELS),
    defaultValue: "info",
    description: "Least severe level to log.",
  }),
};

/** The builder's configuration. */
export type Settings = ValuesOf<typeof SETTINGS>;

/** Settings with the token, which is separate because it must never be printed. */
export interface ReadSettings {
  readonly settings: Settings;
  readonly token: string;
  /** The configuration file; null if there is none. */
  readonly file: string | null;
}

/**
 * Reads the configuration from a file, the environment and the defaults.
 *
 * @throws {ConfigProblems} with all faults.
 */
export async function readSettings(given?: string): Promise<ReadSettings> {
  const file = given ?? DEFAULT_SETTINGS_PATH;
  const content = await readFile(file, given !== undefined);
  const reader = new KeyReader(content === null ? "defaults" : file, Deno.cwd());
  const { table, faults } = parseToml(content ?? "");
  reader.report(file, "", ...faults);
  const values: Record<string, unknown> = {};
  for (const [property, each] of Object.entries(SETTINGS)) {
    values[property] = reader.read(each as ConfigKey<unknown>, table, {});
  }
  reader.rejectUnknown(table, Object.values(SETTINGS).map(({ name }) => name), "");
  const url = Deno.env.get(URL_VARIABLE);
  if (url !== undefined && url !== "") {
    const parsed = daemon.parse(url, "/");
    if (parsed.ok) values["url"] = parsed.value;
    else reader.report("environment", URL_VARIABLE, ...parsed.faults);
  }
  const token = readToken(reader, values["tokenFile"] as string | null);
  if (reader.problems.length > 0 || token === null) throw new ConfigProblems(reader.problems);
  return { settings: values as Settings, token, file: content === null ? null : file };
}

function readToken(reader: KeyReader, file: string | null): string | null {
  const given = Deno.env.get(TOKEN_VARIABLE) || readCredential(TOKEN_CREDENTIAL);
  const found = given ?? (file === null ? null : readTokenFile(reader, file));
  if (found === null || isBearerToken(found)) return found;
  reader.report(given === null ? file ?? "" : "environment", "", {
    found: found === "" ? "no token" : "text that is not a token",
    expected: 'the token that "pkgstash token create --builder NAME" printed',
  });
  return null;
}

function readTokenFile(reader: KeyReader, file: string): string | null {
  const text = readSecrets(reader, {
    path: file,
    key: SETTINGS.tokenFile.name,
    read: (path) => {
      try {
        return { text: Deno.readTextFileSync(path), mode: Deno.statSync(path).mode };
      } catch (error) {
        const isMissing = error instanceof Deno.errors.NotFound;
        return {
          failure: isMissing ? "no such file" : reasonOf(error),
          expected: 'a file with the token that "pkgstash token create --builder NAME" printed',
        };
      }
    },
  });
  return text === null ? null : text.replace(/^PKGSTASH_BUILDER_TOKEN=/, "").trim();
}

async function readFile(file: string, isRequired: boolean): Promise<string | null> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (!isRequired && error instanceof Deno.errors.NotFound) return null;
    const found = error instanceof Deno.errors.NotFound ? "no such file" : reasonOf(error);
    throw new ConfigProblems([{
      source: file,
      key: "",
      found,
      expected: "a readable configuration file",
    }]);
  }
}
