import { CREATE_TOKEN, LIST_TOKENS, REVOKE_TOKEN, type TokenReport } from "../../api/tokens.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import {
  type Command,
  type CommandArgument,
  type CommandOption,
  type OptionValues,
  requiredArgument,
} from "../command.ts";
import { EXIT_CODE, type ExitCode, UsageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { parseDuration } from "../../config/quantities.ts";
import { agoText, expiryText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import type { Paints } from "../terminal_text.ts";

/** Tokens that expire within this time are highlighted. */
const WARN_MS = 14 * 24 * 3600 * 1000;

const OPTIONS = [JSON_OPTION, ...CONNECTION_OPTIONS];

const NAME: CommandArgument = {
  name: "NAME",
  description: "Name of the token, such as the machine or person that uses it",
  required: true,
};

const UPLOAD: CommandOption = {
  name: "upload",
  valueName: "REPOSITORIES",
  description: "Allow only uploads to these repositories (comma-separated)",
};

const BUILDER: CommandOption = {
  name: "builder",
  valueName: null,
  description: "Allow only leasing and running build jobs",
};

const VIEWER: CommandOption = {
  name: "viewer",
  valueName: null,
  description: "Allow only reading, of everything but secrets",
};

const APPROVER: CommandOption = {
  name: "approver",
  valueName: null,
  description: "Allow reading, and approving or rejecting builds",
};

const ADMINISTRATOR: CommandOption = {
  name: "administrator",
  valueName: null,
  description: "Allow everything",
};

const EXPIRES: CommandOption = {
  name: "expires",
  valueName: "DURATION",
  description: "Expire the token after this time, such as 90d (default: never)",
};

const LIST: Omit<Command, "name"> = {
  summary: "Manage tokens",
  description: "Lists all tokens except PKGSTASH_TOKEN, with their rights, last use and expiry.",
  options: OPTIONS,
  examples: [{ command: "pkgstash token", description: "All tokens" }],
  run: list,
};

export const TOKEN_COMMAND: Command = {
  ...LIST,
  name: "token",
  subcommands: [
    { ...LIST, name: "token list", summary: "List the tokens" },
    {
      name: "token create",
      summary: "Create a token",
      description: "Creates a token with the rights that exactly one of --upload, --builder, " +
        "--viewer, --approver and --administrator gives, and prints it. The daemon stores only " +
        "its SHA-256, so it cannot be shown again.",
      arguments: [NAME],
      options: [UPLOAD, BUILDER, VIEWER, APPROVER, ADMINISTRATOR, EXPIRES, ...OPTIONS],
      examples: [{
        command: "pkgstash token create ci --upload mine --expires 90d > ci.token",
        description: "A token file for uploads to mine, valid for 90 days",
      }, {
        command: "pkgstash token create builder1 --builder > builder1.token",
        description: "A token for pkgstash-builder",
      }, {
        command: "pkgstash token create anna --approver",
        description: "A token for Anna to sign in to the web admin and approve builds",
      }],
      run: create,
    },
    {
      name: "token revoke",
      summary: "Revoke a token",
      description: "Makes a token invalid at once.",
      arguments: [{ ...NAME, description: "Name or id of the token", completion: "tokens" }],
      options: CONNECTION_OPTIONS,
      examples: [{ command: "pkgstash token revoke ci", description: "Revoke it by name" }],
      run: async (options, output) => {
        const name = requiredArgument(options, NAME.name);
        await ApiClient.of(options).call(REVOKE_TOKEN, { name });
        output.out(`Revoked ${name}.`);
        return EXIT_CODE.ok;
      },
    },
  ],
};

const PURPOSE_TEXTS: Readonly<
  Record<TokenReport["purpose"], (repositories: readonly string[]) => string>
> = {
  administrator: () => "everything",
  builder: () => "building",
  viewer: () => "viewing",
  approver: () => "approving",
  upload: (repositories) => `upload to ${repositories.join(", ")}`,
};

async function list(options: OptionValues, output: Output): Promise<ExitCode> {
  const list = await ApiClient.of(options).call(LIST_TOKENS);
  printAnswer(list, { options, output, render: renderTokens });
  return EXIT_CODE.ok;
}

async function create(options: OptionValues, output: Output): Promise<ExitCode> {
  const upload = options.get(UPLOAD.name);
  const chosen = [UPLOAD, BUILDER, VIEWER, APPROVER, ADMINISTRATOR]
    .filter(({ name }) => options.has(name));
  const [purpose, ...others] = chosen.map(({ name }) => name as TokenReport["purpose"]);
  if (purpose === undefined || others.length > 0) {
    throw new UsageError(
      "Choose the token's rights: --upload REPOSITORIES, --builder, --viewer, --approver, or " +
        "--administrator.",
    );
  }
  const created = await ApiClient.of(options).call(CREATE_TOKEN, {
    body: {
      name: requiredArgument(options, NAME.name),
      purpose,
      repositories: upload?.split(",").map((each) => each.trim()) ?? [],
      expires_after_ms: validityOf(options),
    },
  });
  // Only the token, so that the output can be used as a --token-file.
  printAnswer(created, { options, output, render: ({ token }) => token });
  return EXIT_CODE.ok;
}

/** In milliseconds; null for a token that never expires. */
function validityOf(options: OptionValues): number | null {
  const text = options.get(EXPIRES.name);
  if (text === undefined) return null;
  const milliseconds = parseDuration(text);
  if (milliseconds !== null && milliseconds > 0) return milliseconds;
  throw new UsageError(`--expires ${text}: expected a duration such as 90d.`);
}

function renderTokens({ tokens }: { tokens: readonly TokenReport[] }, paints: Paints): string {
  if (tokens.length === 0) return "PKGSTASH_TOKEN is the only token.";
  const now = Date.now();
  return renderTable<TokenReport>(
    [
      { title: "NAME", text: ({ name }) => name, paint: (text) => paints.accent(text) },
      { title: "ID", text: ({ id }) => id },
      {
        title: "FOR",
        text: ({ purpose, repositories }) => PURPOSE_TEXTS[purpose](repositories),
      },
      { title: "CREATED", text: ({ created_at }) => agoText(created_at, now) },
      {
        title: "LAST USED",
        text: ({ last_used_at }) => last_used_at === null ? "never" : agoText(last_used_at, now),
      },
      {
        title: "EXPIRES",
        text: ({ expires_at }) => expiryText(expires_at, now),
        paint: (text, { expires_at }) => {
          if (expires_at === null) return text;
          const left = Date.parse(expires_at) - now;
          return left <= 0 ? paints.bad(text) : left < WARN_MS ? paints.doubtful(text) : text;
        },
      },
    ],
    tokens,
    paints.title,
  );
}
