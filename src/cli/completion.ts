import { deadline } from "@std/async/deadline";
import { LIST_APPROVALS } from "../api/approvals.ts";
import { LIST_WATCHED } from "../api/aur.ts";
import { LIST_BUILDS } from "../api/builds.ts";
import { LIST_CLIENTS } from "../api/clients.ts";
import { LIST_KEYS } from "../api/keys.ts";
import { LIST_PACKAGES } from "../api/packages.ts";
import { LIST_PINS } from "../api/pins.ts";
import { LIST_REPOSITORIES, SHOW_HISTORY, SHOW_REPOSITORY } from "../api/repositories.ts";
import { LIST_SESSIONS } from "../api/sessions.ts";
import { SHOW_STATUS } from "../api/status.ts";
import { LIST_TOKENS } from "../api/tokens.ts";
import { ApiClient } from "./api_client.ts";
import { type Command, type Completion, lastWord } from "./command.ts";

/** Nobody waits longer for a completion. */
const TIMEOUT_MS = 300;
/** More than anyone reads. */
const MAX_CANDIDATES = 200;

/**
 * Words that a shell inserts unquoted. Names of clients and packages are untrusted: others could
 * make the shell run a command.
 */
const PLAIN = /^[A-Za-z0-9@._+:/][A-Za-z0-9@._+:/-]*$/;

/** The word at the cursor, and what precedes it. */
interface Cursor {
  readonly completion: Completion;
  /** The typed part of the word. */
  readonly prefix: string;
  /** Positional arguments before it. */
  readonly given: readonly string[];
  /** Options before it, by name. */
  readonly options: ReadonlyMap<string, string>;
}

/**
 * Names and ids from the daemon that complete the last of `words`, which may be "". `words` does
 * not include the program's name. Never rejects: on any error, or after `timeoutMs`, there are no
 * candidates.
 */
export async function candidates(
  words: readonly string[],
  commands: readonly Command[],
  timeoutMs = TIMEOUT_MS,
): Promise<string[]> {
  const cursor = cursorOf(words, commands);
  if (cursor === null) return [];
  try {
    const client = ApiClient.of(cursor.options);
    const found = await deadline(SOURCES[cursor.completion](cursor, client), timeoutMs);
    return [...new Set(found)]
      .filter((each) => each.startsWith(cursor.prefix) && PLAIN.test(each))
      .sort()
      .slice(0, MAX_CANDIDATES);
  } catch {
    return [];
  }
}

/** Null where the daemon has nothing to complete. */
function cursorOf(words: readonly string[], commands: readonly Command[]): Cursor | null {
  const [first, ...rest] = words;
  const outer = commands.find(({ name }) => name === first);
  const inner = outer?.subcommands?.find((each) => lastWord(each) === rest[0]);
  const command = rest.length > 1 ? inner ?? outer : outer;
  if (command === undefined || rest.length === 0) return null;
  const typed = command === inner ? rest.slice(1) : rest;
  const prefix = typed.at(-1) ?? "";
  const options = new Map<string, string>();
  const given: string[] = [];
  let open: Command["options"][number] | null = null;
  for (const word of typed.slice(0, -1)) {
    if (open !== null) {
      options.set(open.name, word);
      open = null;
      continue;
    }
    if (!word.startsWith("-")) {
      given.push(word);
      continue;
    }
    const [name = "", value] = word.replace(/^--/, "").split(/=(.*)/s);
    const option = command.options.find((each) => each.name === name);
    if (value !== undefined) options.set(name, value);
    else if (option !== undefined && option.valueName !== null) open = option;
  }
  const expected = command.arguments ?? [];
  const last = expected.at(-1);
  const argument = expected[given.length] ?? (last?.isRepeated ? last : undefined);
  const { completion } = open ?? argument ?? {};
  if (completion === undefined || prefix.startsWith("-")) return null;
  return { completion, prefix, given, options };
}

type Source = (cursor: Cursor, client: ApiClient) => Promise<string[]>;

const SOURCES: Readonly<Record<Completion, Source>> = {
  "cached packages": async ({ prefix }, client) => {
    const { packages } = await client.call(LIST_PACKAGES, { name: `${prefix}*`, limit: "1000" });
    return packages.map(({ name }) => name);
  },
  "repositories": async (_, client) => {
    const { databases } = await client.call(SHOW_STATUS);
    return databases.map(({ repository }) => repository);
  },
  "own repositories": async (_, client) => {
    const { repositories } = await client.call(LIST_REPOSITORIES, { limit: "1000" });
    return repositories.map(({ name }) => name);
  },
  "packages of the repository": async ({ given: [repository = ""], prefix }, client) => {
    const asked = { repository, name: `${prefix}*`, limit: "1000" };
    const { packages } = await client.call(SHOW_REPOSITORY, asked);
    return packages.map(({ name }) => name);
  },
  "publications of the repository": async ({ given: [repository = ""] }, client) => {
    const { generations } = await client.call(SHOW_HISTORY, { repository });
    return generations.map(({ number }) => String(number));
  },
  "pins": async (_, client) => {
    const { pins } = await client.call(LIST_PINS);
    return pins.map(({ pattern }) => pattern);
  },
  "clients": async (_, client) => {
    const { clients } = await client.call(LIST_CLIENTS, { limit: "1000" });
    return clients.map(({ address }) => address);
  },
  "approvals": async (_, client) => {
    const { approvals } = await client.call(LIST_APPROVALS);
    return approvals.map(({ id }) => id);
  },
  "builds": async (_, client) => {
    const { builds } = await client.call(LIST_BUILDS, { limit: "1000" });
    return builds.flatMap(({ number, package_base }) => [String(number), package_base]);
  },
  "built packages": async (_, client) => {
    const { builds } = await client.call(LIST_BUILDS, { limit: "1000" });
    return builds.flatMap(({ package_base, package_names }) => [package_base, ...package_names]);
  },
  "watched packages": async (_, client) => {
    const { packages } = await client.call(LIST_WATCHED);
    return packages.flatMap(({ base, names }) => [base, ...names]);
  },
  "keys": async (_, client) => {
    const { keys } = await client.call(LIST_KEYS);
    return keys.map(({ fingerprint }) => fingerprint);
  },
  "tokens": async (_, client) => {
    const { tokens } = await client.call(LIST_TOKENS);
    return tokens.map(({ name }) => name);
  },
  "sessions": async (_, client) => {
    const { sessions } = await client.call(LIST_SESSIONS);
    return sessions.map(({ id }) => id);
  },
};
