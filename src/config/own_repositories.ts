import { describeValue } from "./problem.ts";
import type { KeyReader } from "./key_reader.ts";
import { type ConfigKey, UPSTREAM_KEYS, type ValuesOf } from "./schema.ts";
import { layout, pathName } from "./text_values.ts";
import { isTable, type TomlTable } from "./toml_document.ts";
import { choice, count, listOrNone } from "./value_type.ts";

/** Whether the packages and databases of a repository are signed, and by whom. */
export type SigningPolicy = "required" | "external" | "none";

function key<T>(key: ConfigKey<T>): ConfigKey<T> {
  return key;
}

/** The keys in the table of an own repository, `[repositories.NAME]`. */
export const OWN_REPOSITORY_KEYS = {
  /** The values of `$arch`. */
  architectures: key({
    ...UPSTREAM_KEYS.architectures,
    description: 'Architectures with a database of their own; packages for "any" are in all of ' +
      "them.",
  }),
  /** No slash at either end. */
  clientPath: key({
    name: "client_path",
    type: layout,
    defaultValue: "$repo/os/$arch",
    description: "Path of the repository on this server.",
  }),
  signing: key({
    name: "signing",
    type: choice<SigningPolicy>(["required", "external", "none"]),
    defaultValue: "required",
    description:
      'Who signs packages and databases: "required" means this server, with a key that it ' +
      'creates when first needed; "external" means someone else, and publication waits for ' +
      'their signatures; "none" means nobody.',
  }),
  /** Empty for every token created for the repository. */
  uploadTokens: key({
    name: "upload_tokens",
    type: listOrNone(pathName("token", "ci"), 'a list of names of tokens such as ["ci"]'),
    defaultValue: [],
    description:
      "Names of the upload tokens that may publish here, out of those created for this " +
      "repository; an empty list means all of them.",
  }),
  keepVersions: key({
    name: "keep_versions",
    type: count(0, 1000),
    defaultValue: 3,
    description:
      "Number of newest versions of each package to keep available after they have left the " +
      "database.",
  }),
  keepGenerations: key({
    name: "keep_generations",
    type: count(2, 10_000),
    defaultValue: 20,
    description:
      "Number of publications to keep with all their packages, for rollbacks and dated views; a " +
      "view is removed with its publication.",
  }),
  keepDays: key({
    name: "keep_days",
    type: count(0, 36_500),
    defaultValue: 0,
    description:
      "Number of days for which every publication that was served then is kept, however many they are, so that the views of these days last; 0 to keep keep_generations only.",
  }),
};

/** A repository of own packages. */
export interface OwnRepositoryConfig extends ValuesOf<typeof OWN_REPOSITORY_KEYS> {
  /** The value of `$repo`. */
  readonly name: string;
}

/** Valid as a bare TOML key, and as `$repo`. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Names of all keys in the table of a repository. */
const TABLE_KEYS = Object.values(OWN_REPOSITORY_KEYS).map(({ name }) => name);

/** Reads every table `[repositories.NAME]`. */
export function readOwnRepositories(reader: KeyReader, tables: unknown): OwnRepositoryConfig[] {
  if (tables === undefined) return [];
  if (!isTable(tables)) {
    reader.report(reader.fileName, "repositories", {
      found: describeValue(tables),
      expected: "tables such as [repositories.mine]",
    });
    return [];
  }
  return Object.entries(tables).flatMap(([name, table]) => {
    const repository = readOwnRepository(reader, name, table);
    return repository === null ? [] : [repository];
  });
}

/** Reads one table; returns null after a problem. */
export function readOwnRepository(
  reader: KeyReader,
  name: string,
  table: unknown,
): OwnRepositoryConfig | null {
  const full = `repositories.${name}`;
  const isNamed = NAME.test(name);
  if (!isNamed) {
    reader.report(reader.fileName, full, {
      found: `the name ${describeValue(name)}`,
      expected: 'at most 64 lower case letters, digits, "_" and "-", not beginning with "_" or "-"',
    });
  }
  if (!isTable(table)) {
    reader.report(reader.fileName, full, {
      found: describeValue(table),
      expected: "a table, which may be empty",
    });
    return null;
  }
  const prefix = `${full}.`;
  reader.rejectUnknown(table, TABLE_KEYS, prefix);
  const read = <T>(key: ConfigKey<T>) => reader.read(key, table as TomlTable, { prefix });
  const values = {
    architectures: read(OWN_REPOSITORY_KEYS.architectures),
    clientPath: read(OWN_REPOSITORY_KEYS.clientPath),
    signing: read(OWN_REPOSITORY_KEYS.signing),
    uploadTokens: read(OWN_REPOSITORY_KEYS.uploadTokens),
    keepVersions: read(OWN_REPOSITORY_KEYS.keepVersions),
    keepGenerations: read(OWN_REPOSITORY_KEYS.keepGenerations),
    keepDays: read(OWN_REPOSITORY_KEYS.keepDays),
  };
  if (!isNamed || Object.values(values).includes(null)) return null;
  return { name, ...values } as OwnRepositoryConfig;
}

/** The table that describes a repository in the configuration file. */
export function tableText(repository: OwnRepositoryConfig): string {
  const keys = Object.entries<ConfigKey<unknown>>(OWN_REPOSITORY_KEYS);
  return [
    `[repositories.${repository.name}]`,
    ...keys.map(([property, { name, type }]) =>
      `${name} = ${type.format(repository[property as keyof OwnRepositoryConfig])}`
    ),
    "",
  ].join("\n");
}
