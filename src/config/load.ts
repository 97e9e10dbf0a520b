import { ambiguityOf } from "./ambiguous_lines.ts";
import { clientPathFaults, extraPathFaults, ownPaths, upstreamPaths } from "./client_paths.ts";
import type { Config, UpstreamConfig } from "./config.ts";
import { parseCredentials } from "./credentials.ts";
import { parseEnvFile } from "./env_file.ts";
import { type EnvironmentGetter, type Fallback, KeyReader } from "./key_reader.ts";
import { KEY_TABLES, type KeyTableValues, readKeyTable } from "./key_tables.ts";
import { type ConfigProblem, formatProblem } from "./problem.ts";
import { readSecrets, type SecretFileContent } from "./secret_file.ts";
import {
  type ConfigKey,
  environmentName,
  TOKEN_VARIABLE,
  UPSTREAM_KEYS,
  upstreamKey,
} from "./schema.ts";
import { SETTINGS } from "./settings.ts";
import { parseToml, type TomlTable } from "./toml_document.ts";
import type { Fault } from "./value_type.ts";
import { type OwnRepositoryConfig, readOwnRepositories } from "./own_repositories.ts";
import { readFurtherUpstreams, readMainUpstream } from "./upstreams.ts";

/** Everything that a configuration is built from. */
export interface ConfigSource {
  /** Content of the configuration file; "" if there is none. */
  readonly text: string;
  /** Name of the configuration file, for problems. */
  readonly fileName: string;
  readonly getEnvironment: EnvironmentGetter;
  readonly readSecretFile: (path: string) => SecretFileContent;
  /** A token from the service manager; it takes precedence over that of the env_file. */
  readonly tokenCredential?: { readonly name: string; readonly value: string | null };
  /** The default of cache_root, if it differs from the schema's. */
  readonly cacheRoot?: string;
  /** The default of state_root, if it differs from the schema's. */
  readonly stateRoot?: string;
  /** Absolute; relative paths are resolved against it. */
  readonly workingDirectory: string;
}

/** A configuration and the origin of each value, or all of its problems. */
export type ParsedConfig =
  | {
    readonly ok: true;
    readonly config: Config;
    /** By full key: "default", "file", "environment", "preset NAME", the env_file's name, ... */
    readonly origins: ReadonlyMap<string, string>;
  }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Names of everything allowed at the top level of the file. */
const TOP_LEVEL = [
  ...Object.values(SETTINGS).map((key) => key.name),
  ...Object.values(UPSTREAM_KEYS).map((key) => key.name),
  "upstreams",
  "repositories",
  ...Object.keys(KEY_TABLES),
];

/** Reads, completes and checks a configuration. Reports all of its problems at once. */
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

  const settings = { ...readSettings(reader, table, source), envFile };
  checkTogether(reader, settings);
  const main = readMainUpstream(reader, table);
  const upstreams = [main, ...readFurtherUpstreams(reader, table["upstreams"])]
    .filter((upstream) => upstream !== null)
    .map((upstream) => withCredentials(reader, upstream, source));
  for (const upstream of upstreams) checkUpstream(reader, upstream);
  const ownRepositories = readOwnRepositories(reader, table["repositories"]);
  checkClientPaths(reader, upstreams, ownRepositories);
  const tables = readKeyTables(reader, table);
  const notifySecrets = readNotifySecrets(reader, tables, source);
  const token = reader.variable(TOKEN_VARIABLE.name);
  reader.origins.set("token", token?.source ?? "default");
  if (token !== null && !TOKEN_VARIABLE.accepts(token.text)) {
    reader.report(token.source, TOKEN_VARIABLE.name, {
      found: "a token that is not valid in an Authorization header",
      expected: "printable ASCII without spaces, such as the output of openssl rand -hex 32",
    });
  }

  if (reader.problems.length > 0) return { ok: false, problems: distinct(reader.problems) };
  return {
    ok: true,
    config: {
      ...settings as Config,
      ...tables,
      notifySecrets,
      token: token?.text ?? null,
      upstreams,
      ownRepositories,
    },
    origins: reader.origins,
  };
}

/**
 * All settings except env_file, which is read before the others; null where there was a problem.
 */
type Settings = { [K in keyof Omit<typeof SETTINGS, "envFile">]: Config[K] | null };

function readSettings(
  reader: KeyReader,
  table: TomlTable,
  { cacheRoot, stateRoot }: ConfigSource,
): Settings {
  const { envFile: _, ...others } = SETTINGS;
  const keys = Object.entries<ConfigKey<unknown>>(others);
  const fallbacks: Record<string, Fallback | undefined> = {
    cacheRoot: cacheRoot === undefined ? undefined : { value: cacheRoot, origin: "default" },
    stateRoot: stateRoot === undefined ? undefined : { value: stateRoot, origin: "default" },
  };
  return Object.fromEntries(
    keys.map(([property, key]) => [property, reader.readTop(key, table, fallbacks[property])]),
  ) as Settings;
}

/** The content of the file `secrets` of `[notify]`. */
function readNotifySecrets(
  reader: KeyReader,
  { notify }: KeyTableValues,
  { readSecretFile }: ConfigSource,
): Record<string, string> {
  const path = notify.secrets ?? "";
  if (path === "") return {};
  const text = readSecrets(reader, { path, key: "notify.secrets", read: readSecretFile });
  if (text === null) return {};
  const { values, faults } = parseEnvFile(text);
  reader.report(path, "", ...faults);
  return Object.fromEntries(values);
}

function readKeyTables(reader: KeyReader, table: TomlTable): KeyTableValues {
  const names = Object.keys(KEY_TABLES) as (keyof KeyTableValues)[];
  return Object.fromEntries(
    names.map((name) => [name, readKeyTable(reader, name, table[name])]),
  ) as unknown as KeyTableValues;
}

/** Adds the variables of the env_file, which rank below those of the environment. */
function addEnvFile(reader: KeyReader, path: string, source: ConfigSource): void {
  const text = readSecrets(reader, {
    path,
    key: SETTINGS.envFile.name,
    read: source.readSecretFile,
  });
  if (text === null) return;
  const { values, faults } = parseEnvFile(text);
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
    expected: `a file, since ${given.name} is set and HTTPS needs both`,
  });
}

/** Adds the headers in the file that `credentials` names. */
function withCredentials(
  reader: KeyReader,
  upstream: UpstreamConfig,
  { readSecretFile }: ConfigSource,
): UpstreamConfig {
  const { credentials: path } = upstream;
  if (path === "") return upstream;
  const key = upstreamKey(upstream.name, UPSTREAM_KEYS.credentials);
  const text = readSecrets(reader, { path, key, read: readSecretFile });
  if (text === null) return upstream;
  const { headers, faults } = parseCredentials(text);
  reader.report(path, "", ...faults);
  return { ...upstream, secretHeaders: headers };
}

function checkUpstream(reader: KeyReader, upstream: UpstreamConfig): void {
  const report = (key: ConfigKey<unknown>, faults: readonly Fault[]) =>
    reader.report(reader.fileName, upstreamKey(upstream.name, key), ...faults);
  report(
    UPSTREAM_KEYS.mirrorUrls,
    upstream.mirrorUrls.flatMap((url) => ambiguityOf(url, upstream) ?? []),
  );
  report(UPSTREAM_KEYS.extraPaths, extraPathFaults(upstream));
}

function checkClientPaths(
  reader: KeyReader,
  upstreams: readonly UpstreamConfig[],
  ownRepositories: readonly OwnRepositoryConfig[],
): void {
  const owners = [...upstreams.map(upstreamPaths), ...ownRepositories.map(ownPaths)];
  for (const { key, found, expected } of clientPathFaults(owners)) {
    reader.report(reader.fileName, key, { found, expected });
  }
}

/** The upstreams of one preset share keys, whose problems are reported once for each upstream. */
function distinct(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}
