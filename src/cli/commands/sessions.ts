import {
  END_ALL_SESSIONS,
  END_SESSION,
  LIST_SESSIONS,
  type SessionReport,
} from "../../api/sessions.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import {
  type Command,
  type CommandArgument,
  type OptionValues,
  requiredArgument,
} from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { agoText, expiryText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import type { Paints } from "../terminal_text.ts";

/** Used in place of a session id. */
const ALL = "all";

const SESSION: CommandArgument = {
  name: "SESSION",
  description: `Id of the session, or "${ALL}"`,
  required: true,
  completion: "sessions",
};

const LIST: Omit<Command, "name"> = {
  summary: "List or end web admin sessions",
  description: "Lists the web admin sessions that have been active since the daemon started.",
  options: [JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [{ command: "pkgstash sessions", description: "All sessions" }],
  run: list,
};

export const SESSIONS_COMMAND: Command = {
  ...LIST,
  name: "sessions",
  subcommands: [
    { ...LIST, name: "sessions list", summary: "List web admin sessions" },
    {
      name: "sessions end",
      summary: "End a web admin session",
      description: "Signs a user out. To keep the user out, revoke the token as well.",
      arguments: [SESSION],
      options: CONNECTION_OPTIONS,
      examples: [
        { command: "pkgstash sessions end 0123456789ab", description: "End one session" },
        { command: "pkgstash sessions end all", description: "Sign everyone out" },
      ],
      run: end,
    },
  ],
};

async function list(options: OptionValues, output: Output): Promise<ExitCode> {
  const list = await ApiClient.of(options).call(LIST_SESSIONS);
  printAnswer(list, { options, output, render: renderSessions });
  return EXIT_CODE.ok;
}

async function end(options: OptionValues, output: Output): Promise<ExitCode> {
  const session = requiredArgument(options, SESSION.name);
  const api = ApiClient.of(options);
  if (session === ALL) await api.call(END_ALL_SESSIONS);
  else await api.call(END_SESSION, { session });
  output.out(session === ALL ? "Ended all sessions." : `Ended the session ${session}.`);
  return EXIT_CODE.ok;
}

function renderSessions(
  { sessions }: { sessions: readonly SessionReport[] },
  paints: Paints,
): string {
  if (sessions.length === 0) return "No web admin sessions since the daemon started.";
  const now = Date.now();
  return renderTable<SessionReport>(
    [
      { title: "SESSION", text: ({ id }) => id, paint: (text) => paints.accent(text) },
      { title: "WHO", text: ({ who }) => who },
      { title: "ROLE", text: ({ role }) => role },
      { title: "SINCE", text: ({ started_at }) => agoText(started_at, now) },
      { title: "LAST SEEN", text: ({ last_seen_at }) => agoText(last_seen_at, now) },
      { title: "ENDS", text: ({ expires_at }) => expiryText(expires_at, now) },
      { title: "FROM", text: ({ address }) => address },
    ],
    sessions,
    paints.title,
  );
}
