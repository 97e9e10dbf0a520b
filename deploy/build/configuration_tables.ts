import { PRESETS } from "../../src/config/presets.ts";
import {
  type ConfigKey,
  environmentName,
  PRESET_KEY,
  SETTINGS,
  TOKEN_VARIABLE,
  UPSTREAM_KEYS,
} from "../../src/config/schema.ts";
import { mainUpstreamKeys } from "./main_upstream_keys.ts";
import { code, table } from "./markdown.ts";

type Topic = "server" | "databases" | "prefetch" | "retention" | "mirrors" | "log";

/** The part of docs/configuration.md that each key belongs to. */
const TOPIC_OF: Readonly<Record<keyof typeof SETTINGS, Topic>> = {
  envFile: "server",
  cacheRoot: "server",
  listenAddress: "server",
  port: "server",
  tlsCertificate: "server",
  tlsKey: "server",
  answerTimeoutMs: "server",
  drainTimeoutMs: "server",
  databaseMaxAgeMs: "databases",
  refreshIntervalMs: "databases",
  refreshJitterMs: "databases",
  rollbackAgeMs: "databases",
  missingSignatureAgeMs: "databases",
  prefetch: "prefetch",
  prefetchConcurrency: "prefetch",
  prefetchBytesPerSecond: "prefetch",
  prefetchWindow: "prefetch",
  prefetchMaxIdleMs: "prefetch",
  prefetchMaxUnused: "prefetch",
  prefetchMaxPackageBytes: "prefetch",
  maxCacheBytes: "retention",
  maxCacheAgeMs: "retention",
  keepVersions: "retention",
  cacheLowWaterPercent: "retention",
  minFreeBytes: "retention",
  pinnedPackages: "retention",
  userAgent: "mirrors",
  upstreamProxy: "mirrors",
  raceTimeoutMs: "mirrors",
  stallTimeoutMs: "mirrors",
  archiveUrl: "mirrors",
  logLevel: "log",
  logFormat: "log",
};

/** The generated parts of docs/configuration.md, by name. */
export function configurationTables(): Record<string, string> {
  return {
    distribution: keyTable(mainUpstreamKeys()),
    server: keyTable(keysAbout("server")),
    databases: keyTable(keysAbout("databases")),
    prefetch: keyTable(keysAbout("prefetch")),
    retention: keyTable(keysAbout("retention")),
    mirrors: keyTable(keysAbout("mirrors")),
    log: keyTable(keysAbout("log")),
    "further distributions": keyTable([PRESET_KEY, ...Object.values(UPSTREAM_KEYS)]),
    presets: presetTable(),
    environment: environmentTable(),
  };
}

function keysAbout(topic: Topic): ConfigKey<unknown>[] {
  return Object.entries<ConfigKey<unknown>>(SETTINGS)
    .filter(([property]) => TOPIC_OF[property as keyof typeof SETTINGS] === topic)
    .map(([, key]) => key);
}

function keyTable(keys: readonly ConfigKey<unknown>[]): string {
  return table(
    ["key", "type", "default", "meaning"],
    keys.map(({ name, type, defaultValue, description }) => [
      code(name),
      type.name,
      defaultValue === undefined ? "" : code(tomlOf(defaultValue)),
      description,
    ]),
  );
}

function tomlOf(value: NonNullable<ConfigKey<unknown>["defaultValue"]>): string {
  return JSON.stringify(value).replaceAll('","', '", "');
}

function presetTable(): string {
  const rows = Object.entries(PRESETS).flatMap(([name, { groups }]) =>
    groups.map(({ suffix, repositories, architectures, upstreamLayout }) => [
      code(name),
      repositories.map(code).join(" "),
      architectures.map(code).join(" "),
      code(`${name}${suffix}/${upstreamLayout}`),
    ])
  );
  return table(["preset", "repositories", "architectures", "path on this server"], rows);
}

function environmentTable(): string {
  const example = environmentName(SETTINGS.cacheRoot);
  return table(["variable", "meaning"], [
    [code(TOKEN_VARIABLE.name), TOKEN_VARIABLE.description],
    [code("PKGSTASH_KEY"), `Overrides the top-level key, as ${code(example)} does.`],
  ]);
}
