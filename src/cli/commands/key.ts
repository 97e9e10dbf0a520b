import {
  DISTRUST_KEY,
  IMPORT_KEY,
  type KeyList,
  type KeyReport,
  LIST_KEYS,
  RETIRE_KEY,
  ROTATE_KEY,
  SHOW_PUBLIC_KEYS,
  TRUST_KEY,
} from "../../api/keys.ts";
import { PUBLISH_KEYRING } from "../../api/repositories.ts";
import { parseDuration } from "../../config/quantities.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import {
  type Command,
  type CommandArgument,
  type CommandOption,
  type OptionValues,
  requiredArgument,
} from "../command.ts";
import { AdministrationError, EXIT_CODE, type ExitCode, UsageError } from "../errors.ts";
import { readKeyFile } from "../key_file.ts";
import type { Output } from "../output.ts";
import { type Paints, visible } from "../terminal_text.ts";
import { publicationText, REPOSITORY } from "./repo_texts.ts";

const DEFAULT_OVERLAP = "14d";

const OPTIONS = [JSON_OPTION, ...CONNECTION_OPTIONS];

const FILE: CommandArgument = {
  name: "FILE",
  description: "File with the armored key, or - for standard input",
  required: true,
  isPath: true,
};

const FINGERPRINT: CommandArgument = {
  name: "FINGERPRINT",
  description: "Fingerprint of the key, spaces allowed",
  required: true,
  completion: "keys",
};

const OVERLAP: CommandOption = {
  name: "overlap",
  valueName: "DURATION",
  description: "Time that clients have to import the key before it signs (default: " +
    `${DEFAULT_OVERLAP})`,
};

const NOW: CommandOption = {
  name: "now",
  valueName: null,
  description: "Sign with the key at once; clients fail until they have imported it",
};

const FORCE: CommandOption = {
  name: "force",
  valueName: null,
  description: "Retire it even if views of earlier generations need it",
};

const PASSPHRASE_FILE: CommandOption = {
  name: "passphrase-file",
  valueName: "FILE",
  description: "File with the key's passphrase",
};

const SHOW: Omit<Command, "name"> = {
  summary: "Manage signing keys and trusted packagers",
  description: "Shows the keys that sign packages and databases, and the trusted keys of " +
    "packagers. The first signing key is created when it is first needed.",
  options: OPTIONS,
  examples: [{ command: "pkgstash key", description: "All keys" }],
  run: show,
};

export const KEY_COMMAND: Command = {
  ...SHOW,
  name: "key",
  subcommands: [
    { ...SHOW, name: "key show", summary: "Show the keys" },
    {
      name: "key export",
      summary: "Print the public keys for clients",
      description: "Prints all public keys that clients must trust, armored, for pacman-key --add.",
      options: OPTIONS,
      examples: [{ command: "pkgstash key export > mine.asc", description: "Into a file" }],
      run: exportKeys,
    },
    {
      name: "key import",
      summary: "Import a private key",
      description: "Imports an existing OpenPGP private key whose signing subkey uses Ed25519. " +
        "The first key signs at once, any other after the overlap. Because the key is sent to " +
        "the daemon, this works only on the same machine or over HTTPS.",
      arguments: [FILE],
      options: [PASSPHRASE_FILE, OVERLAP, NOW, ...OPTIONS],
      examples: [{
        command: "gpg --export-secret-keys --armor you@example.org | pkgstash key import -",
        description: "Take it from your GnuPG keyring",
      }],
      run: importKey,
    },
    {
      name: "key rotate",
      summary: "Replace the signing key",
      description:
        "Creates a new key. Clients get it together with the current one at once, and it signs " +
        "after the overlap; the daemon then re-signs everything with it. Clients keep getting " +
        "the old key until you retire it.",
      options: [OVERLAP, NOW, ...OPTIONS],
      examples: [{
        command: "pkgstash key rotate --overlap 30d",
        description: "Sign with a new key in 30 days",
      }],
      run: rotate,
    },
    {
      name: "key retire",
      summary: "Retire a replaced key",
      description:
        "Permanently removes a former key: clients no longer get it. Refused until its " +
        "successor has re-signed everything, which the daemon does in the background.",
      arguments: [FINGERPRINT],
      options: [FORCE, ...CONNECTION_OPTIONS],
      examples: [{
        command: "pkgstash key retire 0123456789ABCDEF0123456789ABCDEF01234567",
        description: "Identify it by its fingerprint",
      }],
      run: retire,
    },
    {
      name: "key package",
      summary: "Publish the keys as a package",
      description: "Publishes the public keys in a repository as the package " +
        "REPOSITORY-keyring. Clients that have it installed trust a new key with their next " +
        "upgrade, before it signs.",
      arguments: [REPOSITORY],
      options: OPTIONS,
      examples: [{ command: "pkgstash key package mine", description: "Publish mine-keyring" }],
      run: publishPackage,
    },
    {
      name: "key trust",
      summary: "Trust a packager's key",
      description: "Trusts a public key: packages may be uploaded with signatures by it, which " +
        "are kept.",
      arguments: [FILE],
      options: OPTIONS,
      examples: [{
        command: "gpg --export --armor you@example.org | pkgstash key trust -",
        description: "Take it from your GnuPG keyring",
      }],
      run: trust,
    },
    {
      name: "key distrust",
      summary: "Stop trusting a packager's key",
      description: "Refuses new signatures by the key. Existing ones are kept.",
      arguments: [FINGERPRINT],
      options: CONNECTION_OPTIONS,
      examples: [{
        command: "pkgstash key distrust 0123456789ABCDEF0123456789ABCDEF01234567",
        description: "Identify it by its fingerprint",
      }],
      run: distrust,
    },
  ],
};

async function show(options: OptionValues, output: Output): Promise<ExitCode> {
  const list = await ApiClient.of(options).call(LIST_KEYS);
  printAnswer(list, { options, output, render: renderKeys });
  return EXIT_CODE.ok;
}

async function exportKeys(options: OptionValues, output: Output): Promise<ExitCode> {
  const keys = await ApiClient.of(options).call(SHOW_PUBLIC_KEYS);
  printAnswer(keys, { options, output, render: ({ armored }) => armored.trimEnd() });
  return EXIT_CODE.ok;
}

async function importKey(options: OptionValues, output: Output): Promise<ExitCode> {
  const overlap_ms = overlapOf(options);
  const client = ApiClient.of(options);
  if (!client.isConfidential) {
    throw new AdministrationError(
      EXIT_CODE.refused,
      "Cannot import the key: it would cross the network unencrypted.\n" +
        "  Run this on the daemon's machine, or use an https:// URL.",
    );
  }
  const passphraseFile = options.get(PASSPHRASE_FILE.name);
  const key = await client.call(IMPORT_KEY, {
    body: {
      armored: await readKeyFile(requiredArgument(options, FILE.name)),
      passphrase: passphraseFile === undefined
        ? null
        : (await readKeyFile(passphraseFile)).replace(/\r?\n$/, ""),
      overlap_ms,
    },
  });
  printAnswer(key, { options, output, render: (key) => `Imported ${newKeyText(key)}` });
  return EXIT_CODE.ok;
}

async function rotate(options: OptionValues, output: Output): Promise<ExitCode> {
  const overlap_ms = overlapOf(options);
  const key = await ApiClient.of(options).call(ROTATE_KEY, { body: { overlap_ms } });
  printAnswer(key, { options, output, render: (key) => `Created ${newKeyText(key)}` });
  return EXIT_CODE.ok;
}

async function retire(options: OptionValues, output: Output): Promise<ExitCode> {
  const fingerprint = fingerprintIn(options);
  const force = options.has(FORCE.name) ? "true" : "false";
  await ApiClient.of(options).call(RETIRE_KEY, { fingerprint, force });
  output.out(`Retired ${fingerprint}. Remove it from clients: pacman-key --delete ${fingerprint}`);
  return EXIT_CODE.ok;
}

function fingerprintIn(options: OptionValues): string {
  return requiredArgument(options, FINGERPRINT.name).replaceAll(" ", "").toUpperCase();
}

async function publishPackage(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const publication = await ApiClient.of(options).call(PUBLISH_KEYRING, { repository });
  printAnswer(publication, {
    options,
    output,
    render: (answer, paints) => publicationText(repository, answer, paints),
  });
  return EXIT_CODE.ok;
}

async function trust(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  const armored = await readKeyFile(requiredArgument(options, FILE.name));
  const key = await client.call(TRUST_KEY, { body: { armored } });
  printAnswer(key, {
    options,
    output,
    render: ({ fingerprint, user_ids }) => `Trusted ${fingerprint}, ${userText(user_ids)}.`,
  });
  return EXIT_CODE.ok;
}

async function distrust(options: OptionValues, output: Output): Promise<ExitCode> {
  const fingerprint = fingerprintIn(options);
  await ApiClient.of(options).call(DISTRUST_KEY, { fingerprint });
  output.out(`Distrusted ${fingerprint}.`);
  return EXIT_CODE.ok;
}

function overlapOf(options: OptionValues): number {
  const given = options.get(OVERLAP.name);
  if (options.has(NOW.name)) {
    if (given === undefined) return 0;
    throw new UsageError("Use --overlap or --now, not both.");
  }
  const milliseconds = parseDuration(given ?? DEFAULT_OVERLAP);
  if (milliseconds !== null) return milliseconds;
  throw new UsageError(`"${given}" is not a duration such as ${DEFAULT_OVERLAP}.`);
}

function newKeyText({ fingerprint, state, signs_from }: KeyReport): string {
  return state === "next"
    ? `${fingerprint}, which signs from ${dayText(signs_from)} on.\n` +
      "Clients must import it by then: see pkgstash client-config."
    : `${fingerprint}, which signs from now on.`;
}

function renderKeys({ keys, trusted }: KeyList, paints: Paints): string {
  const own = keys.map((key) =>
    [
      paints.accent(key.fingerprint),
      `  ${userText(key.user_ids)}`,
      `  ${stateText(key)}, created on ${dayText(key.created_at)}, ${
        key.expires_at === null ? "never expires" : `expires on ${dayText(key.expires_at)}`
      }`,
      ...key.state === "former"
        ? [
          `  retire it once clients have its successor: pkgstash key retire ${key.fingerprint}`,
        ]
        : [],
    ].join("\n")
  );
  const others = trusted.map(({ fingerprint, user_ids }) =>
    `${paints.accent(fingerprint)}\n  ${userText(user_ids)}\n  trusted packager`
  );
  if (own.length === 0) own.push("No signing key yet. It is created when first needed.");
  return [...own, ...others].join("\n\n");
}

function stateText({ state, signs_from }: KeyReport): string {
  switch (state) {
    case "signing":
      return "signs";
    case "next":
      return `signs from ${dayText(signs_from)} on`;
    case "former":
      return "replaced";
  }
}

function userText(userIds: readonly string[]): string {
  return userIds.map(visible).join(", ");
}

function dayText(iso: string): string {
  return iso.slice(0, 10);
}
