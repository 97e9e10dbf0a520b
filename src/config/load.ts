import { claimFaults } from "./client_paths.ts";
import type { Config, UpstreamConfig } from "./config.ts";
import { parseEnvFile } from "./env_file.ts";
import { type EnvironmentGetter, type Fallback, KeyReader } from "./key_reader.ts";
import { type ConfigProblem, formatProblem } from "./problem.ts";
import {
  type ConfigKey,
  environmentName,
  MAIN_UPSTREAM,
  SETTINGS,
  TOKEN_VARIABLE,
  UPSTREAM_KEYS,
} from "./schema.ts";
import { parseToml, type TomlTable } from "./toml_document.ts";
import { readFurtherUpstreams, readMainUpstream } from "./upstreams.ts";

/** What an env_file holds, or why it cannot be read. */
export type EnvFileContent =
  | {
    readonly text: string; /** Permission bits, null where there are none. */
    mode: number | null;
  }
  | {
    readonly failure: string; /** What should be there instead, where that is known. */
    readonly expected?: string;
  };

/** Everything that a configuration is made from. */
export interface ConfigSource {
  /** The configuration file; "" where there is none. */
  readonly text: string;
  /** Its name, for problems. */
  readonly fileName: string;
  readonly getEnvironment: EnvironmentGetter;
  readonly readEnvFile: (path: string) => EnvFileContent;
  /** A token that the service manager hands over; it stands before that of the env_file. */
  readonly tokenCredential?: { readonly name: string; readonly value: string | null };
  /** The default of cache_root, if it is another than the schema's. */
  readonly cacheRoot?: string;
  /** Absolute; what relative paths count from. */
  readonly workingDirectory: string;
}

/** A configuration and where each of its values comes from, or all that is wrong with it. */
export type ParsedConfig =
  | {
    readonly ok: true;
    readonly config: Config;
    /** By full key: "default", "file", "environment", "preset NAME", the env_file's name, ... */
    readonly origins: ReadonlyMap<string, string>;
  }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Names of everything that may stand at the top level of the file. */
const TOP_LEVEL = [
  ...Object.values(SETTINGS).map((key) => key.name),
  ...Object.values(UPSTREAM_KEYS).map((key) => key.name),
  "upstreams",
];

/** Reads, completes and checks a configuration; finds all of its problems at once. */
export function parseConfig(source: ConfigSource): ParsedConfig {
  const reader = new KeyReader(source.fileName, source.workingDirectory);
  reader.addEnvironment(source.getEnvironment, "environment");
  const credential = source.tokenCredential;
  if (credential !== undefined && credential.value !== null) {
    const { name, value } = credential;
    reader.addEnvironment(
      (variable) => variable === TOKEN_VARIABLE.name ? value : undefined,
      `credential ${name}`,
    );
  }
  const { table, faults } = parseToml(source.text);
  reader.report(source.fileName, "", ...faults);
  reader.rejectUnknown(table, TOP_LEVEL, "");
  const envFile = reader.readTop(SETTINGS.envFile, table);
  if (envFile !== null) addEnvFile(reader, envFile, source);

  const settings = { ...readSettings(reader, table, source.cacheRoot), envFile };
  checkTogether(reader, settings);
  const main = readMainUpstream(reader, table);
  const upstreams = [main, ...readFurtherUpstreams(reader, table["upstreams"])]
    .filter((upstream) => upstream !== null);
  checkClaims(reader, upstreams);
  const token = reader.variable(TOKEN_VARIABLE.name);
  reader.origins.set("token", token?.source ?? "default");
  if (token !== null && !TOKEN_VARIABLE.accepts(token.text)) {
    reader.report(token.source, TOKEN_VARIABLE.name, {
      found: "a token that no Authorization header can carry",
      expected: "printable ASCII without blanks, for example the output of openssl rand -hex 32",
    });
  }

  if (reader.problems.length > 0) return { ok: false, problems: distinct(reader.problems) };
  return {
    ok: true,
    config: { ...settings as Config, token: token?.text ?? null, upstreams },
    origins: reader.origins,
  };
}

/** The settings but for the first to be read, null where there was a problem. */
type Settings = { [K in keyof Omit<typeof SETTINGS, "envFile">]: Config[K] | null };

function readSettings(
  reader: KeyReader,
  table: TomlTable,
  cacheRoot: string | undefined,
): Settings {
  const { envFile: _, ...others } = SETTINGS;
  const keys = Object.entries<ConfigKey<unknown>>(others);
  const fallbacks: Record<string, Fallback | undefined> = {
    cacheRoot: cacheRoot === undefined ? undefined : { value: cacheRoot, origin: "default" },
  };
  return Object.fromEntries(
    keys.map(([property, key]) => [property, reader.readTop(key, table, fallbacks[property])]),
  ) as Settings;
}

/** The env_file's variables stand behind the environment's own. */
function addEnvFile(reader: KeyReader, path: string, source: ConfigSource): void {
  const content = source.readEnvFile(path);
  if ("failure" in content) {
    reader.report(source.fileName, SETTINGS.envFile.name, {
      found: `${path}: ${content.failure}`,
      expected: content.expected ?? 'a file that can be read, or "" for none',
    });
    return;
  }
  if (content.mode !== null && (content.mode & 0o007) !== 0) {
    reader.report(path, "", {
      found: `mode ${(content.mode & 0o777).toString(8).padStart(4, "0")}`,
      expected: "a file that only its owner and group can read (chmod 0640), since it has a secret",
    });
  }
  const { values, faults } = parseEnvFile(content.text);
  reader.report(path, "", ...faults);
  reader.addEnvironment((name) => values.get(name), path);
}

function checkTogether(reader: KeyReader, { tlsCertificate, tlsKey }: Settings): void {
  if ((tlsCertificate === null) === (tlsKey === null)) return;
  const [given, missing] = tlsKey === null
    ? [SETTINGS.tlsCertificate, SETTINGS.tlsKey]
    : [SETTINGS.tlsKey, SETTINGS.tlsCertificate];
  const names = [missing.name, environmentName(missing)];
  if (reader.problems.some((problem) => names.includes(problem.key))) return;
  reader.report(reader.fileName, missing.name, {
    found: "nothing",
    expected: `a file, since ${given.name} is given and HTTPS needs both`,
  });
}

function checkClaims(reader: KeyReader, upstreams: readonly UpstreamConfig[]): void {
  for (const { upstream, found, expected } of claimFaults(upstreams)) {
    const prefix = upstream.name === MAIN_UPSTREAM.name ? "" : `upstreams.${upstream.name}.`;
    reader.report(reader.fileName, prefix + UPSTREAM_KEYS.clientPath.name, { found, expected });
  }
}

/** A key that several upstreams of one preset share is read, and reported, for each of them. */
function distinct(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}
