import { LOG_LEVELS } from "../log_level.ts";
import { DEFAULT_TOKEN_FILE } from "./administrator_token.ts";
import { DEFAULT_URL, URL_VARIABLE } from "./api_client.ts";
import type { Command, CommandOption } from "./command.ts";

const json: CommandOption = { name: "json", valueName: null, description: "Print JSON" };

/** Where the daemon is, and who asks. */
const connection: readonly CommandOption[] = [
  {
    name: "url",
    valueName: "URL",
    description: `Where the daemon is (default: ${URL_VARIABLE}, else ${DEFAULT_URL})`,
  },
  {
    name: "token-file",
    valueName: "FILE",
    description: "File with the administrator's token, alone or as PKGSTASH_TOKEN=TOKEN " +
      `(default: PKGSTASH_TOKEN in the environment, else ${DEFAULT_TOKEN_FILE})`,
  },
];

const data: readonly CommandOption[] = [json, ...connection];

const pattern = {
  name: "PATTERN",
  description: "Name of a package, glob with * and ?, or either of a package file",
} as const;

const oneOrMore = {
  name: "PACKAGE",
  description: "Path as pacman asks for it, name of a package or of its file, or a glob",
  required: true,
} as const;

const listPackages: Omit<Command, "name"> = {
  summary: "List, show, remove and pin cached packages",
  description:
    "Lists the packages in the cache with their size, how often clients took them, and " +
    "what keeps them. A package is current if a database names it.",
  options: [
    {
      name: "repository",
      valueName: "NAME",
      description: "Only those of a repository, by its name or its directory",
    },
    ...data,
  ],
  examples: [
    { command: "pkgstash packages", description: "All that is cached" },
    {
      command: "pkgstash packages list 'linux*' --repository core",
      description: "The kernels of core",
    },
  ],
  load: () => import("./commands/packages_list.ts"),
};

const PACKAGE_COMMANDS: readonly Command[] = [
  {
    ...listPackages,
    name: "packages list",
    summary: "List what is cached",
    arguments: [{ ...pattern, required: false }],
  },
  {
    name: "packages show",
    summary: "Tell all about a package",
    description: "Prints all that is known of a cached package, or of each that is meant.",
    arguments: [oneOrMore],
    options: data,
    examples: [{ command: "pkgstash packages show linux", description: "All cached versions" }],
    load: () => import("./commands/packages_show.ts"),
  },
  {
    name: "packages remove",
    summary: "Remove a package and its signature",
    description: "Removes a package and its signature from the cache, even if it is pinned, but " +
      "not while it is being fetched. If more than one is meant, nothing is removed without --all.",
    arguments: [oneOrMore],
    options: [
      { name: "all", valueName: null, description: "Remove every package that is meant" },
      ...data,
    ],
    examples: [
      {
        command: "pkgstash packages remove core/os/x86_64/linux-6.1-1-x86_64.pkg.tar.zst",
        description: "One file",
      },
      { command: "pkgstash packages remove 'nvidia*' --all", description: "All of a kind" },
    ],
    load: () => import("./commands/packages_remove.ts"),
  },
  {
    name: "packages pin",
    summary: "Keep packages from cleanup",
    description:
      "Pins packages: cleanup leaves them alone, whatever the limits. The daemon keeps " +
      "these pins beside those of the configuration (pinned_packages).",
    arguments: [{ ...pattern, required: true }],
    options: data,
    examples: [{ command: "pkgstash packages pin linux-lts", description: "Every version of it" }],
    load: () => import("./commands/packages_pin.ts"),
  },
  {
    name: "packages unpin",
    summary: "Take a pin away",
    description: "Takes a pin away, written as it was pinned. Those of the configuration are " +
      "changed there only.",
    arguments: [{ ...pattern, required: true }],
    options: connection,
    examples: [{ command: "pkgstash packages unpin linux-lts", description: "Undo the above" }],
    load: () => import("./commands/packages_unpin.ts"),
  },
  {
    name: "packages pins",
    summary: "List what is pinned",
    description: "Lists the pins of the configuration and those that the daemon keeps.",
    options: data,
    examples: [{ command: "pkgstash packages pins", description: "All of them" }],
    load: () => import("./commands/packages_pins.ts"),
  },
];

/** The commands that ask a running daemon, in the order of help. */
export const ADMINISTRATION_COMMANDS: readonly Command[] = [
  {
    name: "status",
    summary: "Tell how the daemon is doing",
    description: "Prints uptime, hit ratio, bytes saved, the size of the cache, free disk space, " +
      "and the age of every database. Counts are since the start. A hit is a request that needed " +
      "no transfer of its own from a mirror.",
    options: data,
    examples: [
      { command: "pkgstash status", description: "Of the daemon on this machine" },
      {
        command: "pkgstash status --url https://stash.lan --token-file token --json",
        description: "Of another one, for programs",
      },
    ],
    load: () => import("./commands/status.ts"),
  },
  {
    name: "refresh",
    summary: "Refresh databases, prefetch, clean up",
    description: "Does now what the daemon does every refresh_interval, and shows how it goes: " +
      "with bars on a terminal, otherwise a line for each step; with --json one JSON object a " +
      "line. Exits with 1 if a database could not be refreshed, or if a refresh is under way.",
    options: data,
    examples: [{ command: "pkgstash refresh", description: "Now" }],
    load: () => import("./commands/refresh.ts"),
  },
  {
    name: "cleanup",
    summary: "Remove what retention gives up",
    description: "Cleans up now, and says what went and why. Exits with 1 if a file could not be " +
      "removed.",
    options: [
      { name: "dry-run", valueName: null, description: "Only say what would go" },
      ...data,
    ],
    examples: [
      { command: "pkgstash cleanup --dry-run", description: "What would go, and why" },
      { command: "pkgstash cleanup", description: "Let it go" },
    ],
    load: () => import("./commands/cleanup.ts"),
  },
  { ...listPackages, name: "packages", subcommands: PACKAGE_COMMANDS },
  {
    name: "mirrors",
    summary: "Tell how the mirrors do, or test them",
    description: "Prints the mirrors with their state, smoothed latency, failures in a row and " +
      "last error.",
    options: data,
    examples: [{ command: "pkgstash mirrors", description: "As the daemon sees them" }],
    subcommands: [{
      name: "mirrors test",
      summary: "Ask every mirror now",
      description: "Asks every mirror for the date of a database, now and all at once. Exits " +
        "with 1 if one of them is of no use.",
      options: data,
      examples: [{ command: "pkgstash mirrors test", description: "Which of them answer" }],
      load: () => import("./commands/mirror_trial.ts"),
    }],
    load: () => import("./commands/mirrors.ts"),
  },
  {
    name: "downloads",
    summary: "Show the downloads in flight",
    description: "Prints what is being fetched from mirrors: bytes, rate, and for whom. On a " +
      "terminal it goes on until it is interrupted.",
    options: [{ name: "once", valueName: null, description: "Print once and end" }, ...data],
    examples: [{ command: "pkgstash downloads", description: "Watch them" }],
    load: () => import("./commands/downloads.ts"),
  },
  {
    name: "log-level",
    summary: "Print the log level, or set it",
    description: "Prints the least severe level that the daemon logs, or sets it until the next " +
      "start or reload.",
    arguments: [{
      name: "LEVEL",
      description: "The new level",
      required: false,
      choices: LOG_LEVELS,
    }],
    options: data,
    examples: [{ command: "pkgstash log-level debug", description: "See everything" }],
    load: () => import("./commands/log_level.ts"),
  },
  {
    name: "client-config",
    summary: "Print what clients need to write",
    description: "Prints the lines for the mirrorlist and for CacheServer, from the daemon's own " +
      "configuration, with the name that the daemon was reached by. Asked on the machine itself, " +
      "that is the machine's name.",
    options: data,
    examples: [{
      command: "pkgstash client-config --url http://stash.lan:8090",
      description: "For clients that find it as stash.lan",
    }],
    load: () => import("./commands/client_config.ts"),
  },
];
