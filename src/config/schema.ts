import { isBearerToken } from "../formats/http/bearer_token.ts";
import { PRESETS } from "./presets.ts";
import {
  extraPath,
  hostPattern,
  layout,
  layoutOrNone,
  mirrorUrl,
  pathName,
} from "./text_values.ts";
import { choice, count, list, listOrNone, pathOrNone, type ValueType } from "./value_type.ts";

/** One key of the configuration. */
export interface ConfigKey<T> {
  /** The name in TOML. */
  readonly name: string;
  readonly type: ValueType<T>;
  /** The default as a TOML value; undefined if there is none. */
  readonly defaultValue: string | number | boolean | readonly string[] | undefined;
  /** One sentence. */
  readonly description: string;
}

/** The values of keys, by their properties. */
export type ValuesOf<Keys> = {
  readonly [K in keyof Keys]: Keys[K] extends ConfigKey<infer T> ? T : never;
};

function key<T>(key: ConfigKey<T>): ConfigKey<T> {
  return key;
}

/** The environment variable that overrides a top-level key. */
export function environmentName(key: ConfigKey<unknown>): string {
  return `PKGSTASH_${key.name.toUpperCase()}`;
}

/** The token is not a key, because a configuration file may be readable by everyone. */
export const TOKEN_VARIABLE = {
  name: "PKGSTASH_TOKEN",
  description: "Administrator's bearer token for the API, set in the environment or in env_file.",
  accepts: isBearerToken,
} as const;

/**
 * The keys of an upstream: at the top level for the main one, in a table of its own for any other.
 */
export const UPSTREAM_KEYS = {
  /**
   * In the order of the file, each either a root ("https://host/archlinux/"), to which
   * `upstreamLayout` is appended, or a line with variables ("https://host/$repo/os/$arch").
   */
  mirrorUrls: key({
    name: "mirror_urls",
    type: list(
      mirrorUrl,
      'a list of mirrors such as ["https://mirror.example.org/archlinux/"]',
    ),
    defaultValue: undefined,
    description:
      "Mirrors, each given as its root URL or as a mirrorlist line with $repo, $arch or both.",
  }),
  /** "" for none. */
  mirrorlist: key({
    name: "mirrorlist",
    type: pathOrNone,
    defaultValue: "",
    description:
      'A pacman mirrorlist with additional mirrors, such as "/etc/pacman.d/mirrorlist"; it is ' +
      "reread when it changes, and without mirror_urls it is the only source.",
  }),
  /** The values of `$repo`. */
  repositories: key({
    name: "mirrored_repos",
    type: list(pathName("repository", "core"), 'a list of repositories such as ["core", "extra"]'),
    defaultValue: undefined,
    description: "Repositories to mirror.",
  }),
  architectures: key({
    name: "architectures",
    type: list(pathName("architecture", "x86_64"), 'a list of architectures such as ["x86_64"]'),
    defaultValue: ["x86_64"],
    description: "Architectures to mirror, the values of $arch.",
  }),
  /** No slash at either end; "" if a mirror's root is the repository itself. */
  upstreamLayout: key({
    name: "upstream_layout",
    type: layoutOrNone,
    defaultValue: "$repo/os/$arch",
    description:
      `Path of a repository below a mirror's root; "" or "." if the root is the repository.`,
  }),
  /** Such as "archlinuxarm/$arch/$repo"; no slash at either end. */
  clientPath: key({
    name: "client_path",
    type: layout,
    defaultValue: undefined,
    description:
      "Path of a repository on this server; by default, the name of the upstream's table " +
      "followed by upstream_layout.",
  }),
  /** Patterns, see `pathMatcher`, without leading slashes. */
  extraPaths: key({
    name: "extra_paths",
    type: listOrNone(extraPath, 'a list of paths such as ["lastsync", "iso/**"]'),
    defaultValue: [],
    description:
      "Additional paths below a mirror's root to pass through and cache by the rules of HTTP; * " +
      "matches any characters of a name, ** any number of directories.",
  }),
  /** 0 for none. */
  keepSnapshots: key({
    name: "keep_snapshots",
    type: count(0, 3650),
    defaultValue: 0,
    description:
      "Number of days for which databases and the cached packages that they list are kept, so " +
      "that clients can be held at one of those days; 0 keeps none.",
  }),
  /** "" for none. */
  credentials: key({
    name: "credentials",
    type: pathOrNone,
    defaultValue: "",
    description:
      "File with user:password, or with header lines, for requests to these mirrors; it must " +
      "not be accessible to other users.",
  }),
  /** Each `host`, `host:port` or `*.domain`. */
  redirectHosts: key({
    name: "redirect_hosts",
    type: listOrNone(hostPattern, 'a list of hosts such as ["cdn.example.org"]'),
    defaultValue: [],
    description:
      "Hosts that mirrors may redirect to over plain HTTP or at private addresses; other " +
      "mirrors, and public hosts over HTTPS, are always allowed.",
  }),
};

/** The key of a further upstream that determines the defaults of its other keys. */
export const PRESET_KEY: ConfigKey<string> = {
  name: "preset",
  type: choice(Object.keys(PRESETS)),
  defaultValue: undefined,
  description:
    "Distribution that provides this table's defaults: mirrors, repositories and layout.",
};

/** The main upstream: its name, and defaults for the keys that have none in other upstreams. */
export const MAIN_UPSTREAM = {
  name: "arch",
  mirrorUrls: [
    "https://geo.mirror.pkgbuild.com/",
    "https://mirror.rackspace.com/archlinux/",
    "https://mirrors.kernel.org/archlinux/",
  ],
  repositories: ["core", "extra", "multilib"],
} as const;

/** The full name of a key of an upstream. */
export function upstreamKey(upstream: string, key: ConfigKey<unknown>): string {
  return upstream === MAIN_UPSTREAM.name ? key.name : `upstreams.${upstream}.${key.name}`;
}
