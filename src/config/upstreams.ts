import type { UpstreamConfig } from "./config.ts";
import type { KeyReader } from "./key_reader.ts";
import { type Preset, type PresetGroup, PRESETS } from "./presets.ts";
import { describeValue } from "./problem.ts";
import {
  type ConfigKey,
  environmentName,
  MAIN_UPSTREAM,
  PRESET_KEY,
  UPSTREAM_KEYS,
} from "./schema.ts";
import { isTable, type TomlTable } from "./toml_document.ts";

const {
  mirrorUrls,
  mirrorlist,
  repositories,
  architectures,
  upstreamLayout,
  clientPath,
  extraPaths,
  keepSnapshots,
  credentials,
  redirectHosts,
} = UPSTREAM_KEYS;

/** Names of all keys in the table of a further upstream. */
const TABLE_KEYS = [PRESET_KEY, ...Object.values(UPSTREAM_KEYS)].map((key) => key.name);

/** Reads the main upstream from the top-level keys; returns null after a problem. */
export function readMainUpstream(reader: KeyReader, table: TomlTable): UpstreamConfig | null {
  const layout = reader.readTop(upstreamLayout, table);
  const list = reader.readTop(mirrorlist, table);
  const hasUrls = Object.hasOwn(table, mirrorUrls.name) ||
    reader.variable(environmentName(mirrorUrls)) !== null;
  return complete({
    name: MAIN_UPSTREAM.name,
    mirrorUrls: isOnlySource(list, hasUrls)
      ? noMirrorUrls(reader, "")
      : reader.readTop(mirrorUrls, table, { value: MAIN_UPSTREAM.mirrorUrls, origin: "default" }),
    mirrorlist: list,
    repositories: reader.readTop(repositories, table, {
      value: MAIN_UPSTREAM.repositories,
      origin: "default",
    }),
    architectures: reader.readTop(architectures, table),
    upstreamLayout: layout,
    clientPath: layout === null ? null : reader.readTop(clientPath, table, {
      value: layout || upstreamLayout.defaultValue,
      origin: "upstream_layout",
    }),
    extraPaths: reader.readTop(extraPaths, table),
    keepSnapshots: reader.readTop(keepSnapshots, table),
    credentials: reader.readTop(credentials, table),
    secretHeaders: {},
    redirectHosts: reader.readTop(redirectHosts, table),
  });
}

/**
 * Reads every upstream with a table of its own. A preset with several groups becomes several
 * upstreams.
 */
export function readFurtherUpstreams(reader: KeyReader, tables: unknown): UpstreamConfig[] {
  if (tables === undefined) return [];
  if (!isTable(tables)) {
    reader.report(reader.fileName, "upstreams", {
      found: describeValue(tables),
      expected: "tables such as [upstreams.archlinuxarm]",
    });
    return [];
  }
  const upstreams: UpstreamConfig[] = [];
  for (const [name, table] of Object.entries(tables)) {
    for (const upstream of readUpstream(reader, name, table)) {
      if (upstreams.some((other) => other.name === upstream.name)) {
        reader.report(reader.fileName, `upstreams.${name}`, {
          found: `a second upstream "${upstream.name}"`,
          expected: "another name, since this one is taken by a group of a preset",
        });
      } else upstreams.push(upstream);
    }
  }
  return upstreams;
}

/** The table of a further upstream, and the reader of its keys. */
interface UpstreamTable {
  readonly reader: KeyReader;
  readonly name: string;
  readonly table: TomlTable;
  /** Prefix of the full names of its keys. */
  readonly prefix: string;
}

function readUpstream(reader: KeyReader, name: string, table: unknown): UpstreamConfig[] {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(name) || name === MAIN_UPSTREAM.name) {
    reader.report(reader.fileName, `upstreams.${name}`, {
      found: `the name ${describeValue(name)}`,
      expected: 'lower case letters, digits, "_" and "-", and not "arch", the main upstream',
    });
    return [];
  }
  if (!isTable(table)) {
    reader.report(reader.fileName, `upstreams.${name}`, {
      found: describeValue(table),
      expected: "a table with a preset or with mirror_urls and mirrored_repos",
    });
    return [];
  }
  const source = { reader, name, table, prefix: `upstreams.${name}.` };
  reader.rejectUnknown(table, TABLE_KEYS, source.prefix);
  if (!Object.hasOwn(table, PRESET_KEY.name)) return presentOf([readGroup(source, null)]);
  const presetName = reader.read(PRESET_KEY, table, { prefix: source.prefix });
  const preset = presetName === null ? undefined : PRESETS[presetName];
  if (presetName === null || preset === undefined) return [];
  const groups = selectGroups(source, preset);
  return presentOf(groups.map((group) => readGroup(source, { name: presetName, preset, group })));
}

interface ChosenGroup {
  readonly name: string;
  readonly preset: Preset;
  readonly group: PresetGroup;
}

/**
 * Reads one upstream. Keys missing from its table take the values of the preset's group, if any.
 */
function readGroup(
  { reader, name, table, prefix }: UpstreamTable,
  chosen: ChosenGroup | null,
): UpstreamConfig | null {
  const group = chosen?.group;
  const upstreamName = name + (group?.suffix ?? "");
  const read = <T>(key: ConfigKey<T>, value: unknown, origin = `preset ${chosen?.name}`) =>
    reader.read(key, table, {
      prefix,
      originPrefix: `upstreams.${upstreamName}.`,
      fallback: value === undefined ? undefined : { value, origin },
    });
  const layout = read(upstreamLayout, group?.upstreamLayout);
  const list = read(mirrorlist, undefined);
  const wanted = read(repositories, group?.repositories);
  return complete({
    name: upstreamName,
    mirrorUrls: isOnlySource(list, Object.hasOwn(table, mirrorUrls.name))
      ? noMirrorUrls(reader, `upstreams.${upstreamName}.`)
      : read(mirrorUrls, chosen?.preset.mirrorUrls),
    mirrorlist: list,
    repositories: chosen !== null && chosen.preset.groups.length > 1
      ? wanted && wanted.filter((repository) => chosen.group.repositories.includes(repository))
      : wanted,
    architectures: read(architectures, group?.architectures),
    upstreamLayout: layout,
    clientPath: layout === null
      ? null
      : read(clientPath, layout === "" ? name : `${name}/${layout}`, "name and upstream_layout"),
    // The groups of a preset share their mirrors.
    extraPaths: chosen?.group.suffix ? [] : read(extraPaths, undefined),
    keepSnapshots: read(keepSnapshots, undefined),
    credentials: read(credentials, undefined),
    secretHeaders: {},
    redirectHosts: read(redirectHosts, chosen?.preset.redirectHosts),
  });
}

/** The groups of a preset that a table selects: those with any of its `mirrored_repos`, or all. */
function selectGroups(
  { reader, table, prefix }: UpstreamTable,
  preset: Preset,
): readonly PresetGroup[] {
  if (preset.groups.length === 1) return preset.groups;
  for (const key of [upstreamLayout, clientPath]) {
    if (Object.hasOwn(table, key.name)) {
      reader.report(reader.fileName, prefix + key.name, {
        found: describeValue(table[key.name]),
        expected: "no value, since the preset has several; write a table without preset for each",
      });
      return [];
    }
  }
  if (!Object.hasOwn(table, repositories.name)) return preset.groups;
  const wanted = reader.read(repositories, table, { prefix }) ?? [];
  const known = preset.groups.flatMap((group) => group.repositories);
  for (const repository of wanted) {
    if (known.includes(repository)) continue;
    reader.report(reader.fileName, prefix + repositories.name, {
      found: describeValue(repository),
      expected: `repositories of the preset: ${known.join(", ")}`,
    });
  }
  return preset.groups.filter((group) =>
    group.repositories.some((repository) => wanted.includes(repository))
  );
}

/** Whether a mirrorlist replaces the default mirrors, because none were given. */
function isOnlySource(mirrorlist: string | null, hasUrls: boolean): boolean {
  return mirrorlist !== null && mirrorlist !== "" && !hasUrls;
}

/** No mirrors but those of the mirrorlist. */
function noMirrorUrls(reader: KeyReader, prefix: string): [] {
  reader.origins.set(prefix + mirrorUrls.name, mirrorlist.name);
  return [];
}

function presentOf(upstreams: readonly (UpstreamConfig | null)[]): UpstreamConfig[] {
  return upstreams.filter((upstream) => upstream !== null);
}

function complete(
  parts: { [K in keyof UpstreamConfig]: UpstreamConfig[K] | null },
): UpstreamConfig | null {
  return Object.values(parts).includes(null) ? null : parts as UpstreamConfig;
}
