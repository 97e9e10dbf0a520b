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
  description: "File with the armored key, or - for the standard input",
  required: true,
};

const FINGERPRINT: CommandArgument = {
  name: "FINGERPRINT",
  description: "Fingerprint of the key, with or without spaces",
  required: true,
};

const OVERLAP: CommandOption = {
  name: "overlap",
  valueName: "DURATION",
  description: `Time for clients to import the key before it signs (default: ${DEFAULT_OVERLAP})`,
};

const NOW: CommandOption = {
  name: "now",
  valueName: null,
  description: "Sign with the key at once; clients that do not have it fail until they import it",
};

const FORCE: CommandOption = {
  name: "force",
  valueName: null,
  description: "Retire it although views of earlier generations need it",
};

const PASSPHRASE_FILE: CommandOption = {
  name: "passphrase-file",
  valueName: "FILE",
  description: "File with the passphrase of the key",
};

const SHOW: Omit<Command, "name"> = {
  summary: "Show, export, import, rotate and retire signing keys",
  description: "Shows the keys that sign packages and databases, and the keys of packagers that " +
    "are trusted. The first key is made when it is needed.",
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
      description:
        "Prints every public key that clients must trust, armored, for pacman-key --add.",
      options: OPTIONS,
      examples: [{ command: "pkgstash key export > mine.asc", description: "Into a file" }],
      run: exportKeys,
    },
    {
      name: "key import",
      summary: "Import a private key",
      description: "Imports an existing private key of OpenPGP, whose subkey for signatures uses " +
        "Ed25519. The first key signs at once, a further one after the overlap. The key is sent " +
        "to the daemon, so this works on the same machine or by HTTPS only.",
      arguments: [FILE],
      options: [PASSPHRASE_FILE, OVERLAP, NOW, ...OPTIONS],
      examples: [{
        command: "gpg --export-secret-keys --armor you@example.org | pkgstash key import -",
        description: "From your keyring",
      }],
      run: importKey,
    },
    {
      name: "key rotate",
      summary: "Make a new key",
      description:
        "Makes a new key, which clients get together with the present one from now on, " +
        "and which signs after the overlap. From then on the daemon signs everything again with " +
        "it. The former key stays among those for clients until it is retired.",
      options: [OVERLAP, NOW, ...OPTIONS],
      examples: [{ command: "pkgstash key rotate --overlap 30d", description: "In a month" }],
      run: rotate,
    },
    {
      name: "key retire",
      summary: "Retire a key that was replaced",
      description:
        "Removes a former key for good: clients are no longer given it. Refused until everything " +
        "that it has signed is signed by its successor, which the daemon does in the background.",
      arguments: [FINGERPRINT],
      options: [FORCE, ...CONNECTION_OPTIONS],
      examples: [{
        command: "pkgstash key retire 0123456789ABCDEF0123456789ABCDEF01234567",
        description: "By its fingerprint",
      }],
      run: retire,
    },
    {
      name: "key package",
      summary: "Publish the keys as a package",
      description: "Publishes the public keys in a repository as its package REPOSITORY-keyring. " +
        "Clients that have it installed trust a new key with their next upgrade, and before it " +
        "signs.",
      arguments: [REPOSITORY],
      options: OPTIONS,
      examples: [{ command: "pkgstash key package mine", description: "As mine-keyring" }],
      run: publishPackage,
    },
    {
      name: "key trust",
      summary: "Trust a packager's key",
      description: "Trusts a public key: signatures by it that come with packages are kept.",
      arguments: [FILE],
      options: OPTIONS,
      examples: [{
        command: "gpg --export --armor you@example.org | pkgstash key trust -",
        description: "From your keyring",
      }],
      run: trust,
    },
    {
      name: "key distrust",
      summary: "Cease to trust a packager's key",
      description: "Refuses signatures by the key from now on. Those that are kept stay.",
      arguments: [FINGERPRINT],
      options: CONNECTION_OPTIONS,
      examples: [{
        command: "pkgstash key distrust 0123456789ABCDEF0123456789ABCDEF01234567",
        description: "By its fingerprint",
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
      "Cannot import the key: it would cross the network in clear text.\n" +
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
  printAnswer(key, { options, output, render: (key) => `Made ${newKeyText(key)}` });
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
      "Clients must import it until then: see pkgstash client-config."
    : `${fingerprint}, which signs from now on.`;
}

function renderKeys({ keys, trusted }: KeyList, paints: Paints): string {
  const own = keys.map((key) =>
    [
      paints.accent(key.fingerprint),
      `  ${userText(key.user_ids)}`,
      `  ${stateText(key)}, made on ${dayText(key.created_at)}, ${
        key.expires_at === null ? "never expires" : `expires on ${dayText(key.expires_at)}`
      }`,
      ...key.state === "former"
        ? [
          `  to be retired once clients have its successor: pkgstash key retire ${key.fingerprint}`,
        ]
        : [],
    ].join("\n")
  );
  const others = trusted.map(({ fingerprint, user_ids }) =>
    `${paints.accent(fingerprint)}\n  ${userText(user_ids)}\n  trusted packager`
  );
  if (own.length === 0) own.push("There is no signing key yet. It is made when it is needed.");
  return [...own, ...others].join("\n\n");
}

function stateText({ state, signs_from }: KeyReport): string {
  switch (state) {
    case "signing":
      return "signs";
    case "next":
      return `signs from ${dayText(signs_from)} on`;
    case "former":
      return "has signed";
  }
}

function userText(userIds: readonly string[]): string {
  return userIds.map(visible).join(", ");
}

function dayText(iso: string): string {
  return iso.slice(0, 10);
}
