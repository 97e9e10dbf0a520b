import { describeValue } from "./problem.ts";
import type { KeyReader } from "./key_reader.ts";
import type { ConfigKey, ValuesOf } from "./schema.ts";
import { hostNameText, packagerText, pathName, webUrl } from "./text_values.ts";
import { isTable } from "./toml_document.ts";
import {
  choice,
  count,
  duration,
  flag,
  limitedByteSize,
  listOrNone,
  optional,
  pathOrNone,
  port,
  text,
} from "./value_type.ts";

function key<T>(key: ConfigKey<T>): ConfigKey<T> {
  return key;
}

/**
 * The keys of `[aur]`: which package sources are checked how often, and what passes automatically.
 */
export const AUR_KEYS = {
  repository: key({
    name: "repository",
    type: pathName("repository", "aur"),
    defaultValue: "aur",
    description:
      "Your own repository in which built packages are published; it is created with the first " +
      "one.",
  }),
  url: key({
    name: "url",
    type: webUrl,
    defaultValue: "https://aur.archlinux.org",
    description: "URL of the AUR, or of a mirror of its RPC interface and snapshots.",
  }),
  checkIntervalMs: key({
    name: "check_interval",
    type: duration(60_000),
    defaultValue: "1h",
    description:
      "Interval between checks for changes; one request covers all packages. The AUR allows " +
      "4000 requests a day.",
  }),
  vcsIntervalMs: key({
    name: "vcs_interval",
    type: duration(600_000),
    defaultValue: "1d",
    description:
      "Interval between checks of the upstream git repositories of packages such as foo-git; a " +
      "builder performs them.",
  }),
  coolDownMs: key({
    name: "cool_down",
    type: duration(0),
    defaultValue: "1d",
    description:
      'Minimum age of a change, counted from its push, before it passes automatically; "0" ' +
      "means none.",
  }),
  newMaintainerCoolDownMs: key({
    name: "new_maintainer_cool_down",
    type: duration(0),
    defaultValue: "7d",
    description:
      "Time after a change of maintainers during which nothing passes automatically, even once " +
      "a person has approved the first change.",
  }),
  approvePins: key({
    name: "approve_pins",
    type: flag,
    defaultValue: false,
    description:
      "Whether changes of versions, checksums and pinned commits or tags pass automatically, " +
      "provided the commits or tags are on a branch or tag of the same git repository.",
  }),
  approveHarmless: key({
    name: "approve_harmless",
    type: flag,
    defaultValue: false,
    description:
      "Whether provably harmless changes, such as those to comments and licences, pass " +
      "automatically.",
  }),
};

/** The keys of `[builds]`: what builders may use, and what is kept of builds. */
export const BUILD_KEYS = {
  packager: key({
    name: "packager",
    type: packagerText,
    defaultValue: "pkgstash <pkgstash@localhost>",
    description: "PACKAGER of all builds; a package that names another one is held.",
  }),
  timeoutMs: key({
    name: "timeout",
    type: duration(60_000),
    defaultValue: "6h",
    description: "Maximum duration of a build, from creating its root to its upload.",
  }),
  leaseMs: key({
    name: "lease",
    type: duration(10_000, 3_600_000),
    defaultValue: "2m",
    description:
      "Time without a heartbeat from its builder after which a build is given to another one; " +
      "builders send heartbeats more often than this.",
  }),
  logBytes: key({
    name: "max_log_size",
    type: limitedByteSize(64 * 1024),
    defaultValue: "64MB",
    description:
      "Maximum size of a build's log before compression; of a longer log, the beginning and the " +
      "end are kept.",
  }),
  diskBytes: key({
    name: "max_disk",
    type: limitedByteSize(64 * 1024 ** 2),
    defaultValue: "32GB",
    description: "Maximum disk space of a build on its builder, and maximum size of its packages.",
  }),
  memoryBytes: key({
    name: "max_memory",
    type: limitedByteSize(64 * 1024 ** 2),
    defaultValue: "8GB",
    description: "Maximum memory of a build on its builder.",
  }),
  processes: key({
    name: "max_processes",
    type: count(16, 1_000_000),
    defaultValue: 4096,
    description: "Maximum number of processes and threads of a build on its builder.",
  }),
  reproduce: key({
    name: "reproduce",
    type: flag,
    defaultValue: false,
    description:
      "Whether everything is built twice, and held unless both builds are byte-for-byte " +
      "identical; this doubles build times.",
  }),
  keepBuilds: key({
    name: "keep_builds",
    type: count(1, 1000),
    defaultValue: 10,
    description: "Number of finished builds of each package to keep, with their logs.",
  }),
};

/** An e-mail address, without a name. */
const emailAddress = text(
  "address",
  'an address such as "admin@example.org"',
  (value) => /^[^\s<>,;:"@]+@[^\s<>,;:"@]+$/.test(value) ? null : "an address without a name",
);

/** The keys of `[notify]`: who is told that something waits for approval. */
export const NOTIFY_KEYS = {
  schedule: key({
    name: "schedule",
    type: choice<"now" | "daily">(["now", "daily"]),
    defaultValue: "now",
    description: 'Whether messages are sent immediately ("now") or as a daily digest ("daily").',
  }),
  secrets: key({
    name: "secrets",
    type: pathOrNone,
    defaultValue: "",
    description:
      "File of KEY=VALUE lines with SMTP_USER, SMTP_PASSWORD, WEBHOOK_SECRET, NTFY_TOKEN and " +
      "MATRIX_TOKEN, as needed; it must not be accessible to other users.",
  }),
  webhookUrl: key({
    name: "webhook_url",
    type: optional(webUrl),
    defaultValue: "",
    description:
      "URL to which each message is posted as JSON, signed with WEBHOOK_SECRET: the header " +
      "X-Pkgstash-Signature is sha256= followed by the hexadecimal HMAC of the body.",
  }),
  ntfyUrl: key({
    name: "ntfy_url",
    type: optional(webUrl),
    defaultValue: "",
    description: 'URL of an ntfy topic, such as "https://ntfy.sh/my-topic".',
  }),
  matrixUrl: key({
    name: "matrix_url",
    type: optional(webUrl),
    defaultValue: "",
    description: 'URL of a Matrix homeserver, such as "https://matrix.org".',
  }),
  matrixRoom: key({
    name: "matrix_room",
    type: optional(
      text(
        "room",
        'the id of a room such as "!abc:matrix.org"',
        (value) => /^![^\s]+$/.test(value) ? null : 'an id, which begins with "!"',
      ),
    ),
    defaultValue: "",
    description: "Id of the Matrix room; the account of MATRIX_TOKEN must be a member.",
  }),
  emailTo: key({
    name: "email_to",
    type: listOrNone(emailAddress, 'a list of addresses such as ["admin@example.org"]'),
    defaultValue: [],
    description: "Recipients of e-mail.",
  }),
  emailFrom: key({
    name: "email_from",
    type: emailAddress,
    defaultValue: "pkgstash@localhost",
    description: "Sender address of e-mail.",
  }),
  smtpHost: key({
    name: "smtp_host",
    type: hostNameText,
    defaultValue: "localhost",
    description: "Host of the mail server.",
  }),
  smtpPort: key({
    name: "smtp_port",
    type: port,
    defaultValue: 25,
    description: "Port of the mail server; port 465 uses TLS from the start.",
  }),
  smtpTls: key({
    name: "smtp_tls",
    type: choice<"required" | "if offered" | "none">(["required", "if offered", "none"]),
    defaultValue: "if offered",
    description:
      'Use of TLS for e-mail: "required" sends only with TLS, "if offered" falls back to plain ' +
      'text if the server does not offer it, "none" never uses it.',
  }),
};

/** Tables that a configuration has at most once, by their names in the file. */
export const KEY_TABLES = { aur: AUR_KEYS, builds: BUILD_KEYS, notify: NOTIFY_KEYS };

/** The values of all these tables. */
export type KeyTableValues = {
  readonly [Table in keyof typeof KEY_TABLES]: ValuesOf<typeof KEY_TABLES[Table]>;
};

/** Reads a table, which may be missing; a value is null after a problem with it. */
export function readKeyTable<Name extends keyof KeyTableValues>(
  reader: KeyReader,
  name: Name,
  raw: unknown,
): KeyTableValues[Name] {
  const keys: Readonly<Record<string, ConfigKey<unknown>>> = KEY_TABLES[name];
  if (raw !== undefined && !isTable(raw)) {
    reader.report(reader.fileName, name, {
      found: describeValue(raw),
      expected: `a table, [${name}]`,
    });
  }
  const table = isTable(raw) ? raw : {};
  const prefix = `${name}.`;
  reader.rejectUnknown(table, Object.values(keys).map((each) => each.name), prefix);
  return Object.fromEntries(
    Object.entries(keys).map(([property, key]) => [property, reader.read(key, table, { prefix })]),
  ) as unknown as KeyTableValues[Name];
}
