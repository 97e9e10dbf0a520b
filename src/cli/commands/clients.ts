import {
  type ClientDetails,
  type ClientList,
  type ClientReport,
  LIST_CLIENTS,
  NAME_CLIENT,
  SHOW_CLIENT,
  UNNAME_CLIENT,
} from "../../api/clients.ts";
import type { InputArguments } from "../../api/endpoint.ts";
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
import { agoText, bytesText, countText, timeText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, renderFacts } from "../terminal_text.ts";

const OPTIONS: readonly CommandOption[] = [JSON_OPTION, ...CONNECTION_OPTIONS];

const ADDRESS: CommandArgument = {
  name: "ADDRESS",
  description: "IP address of the client",
  required: true,
  completion: "clients",
};

const REMOVE: CommandOption = {
  name: "remove",
  valueName: null,
  description: "Remove the name",
};

const LIST: Omit<Command, "name"> = {
  summary: "Manage clients",
  description: "Lists the clients that have requested files: bytes sent, bytes saved (sent " +
    "without a transfer from a mirror), and the time of the last database sync.",
  options: [
    {
      name: "search",
      valueName: "WORDS",
      description: "Only clients whose address, names or user agent contain all of these words",
    },
    {
      name: "sort",
      valueName: "KEY",
      description: "Sort by last_seen, first_seen, name, address, bytes_served, bytes_saved, " +
        "requests, hit_ratio or synced_at (default: last_seen)",
    },
    { name: "ascending", valueName: null, description: "The smallest or earliest first" },
    {
      name: "limit",
      valueName: "NUMBER",
      description: "Maximum number of entries, up to 1000 (default: 50)",
    },
    { name: "offset", valueName: "NUMBER", description: "Number of entries to skip" },
    ...OPTIONS,
  ],
  examples: [
    { command: "pkgstash clients", description: "The most recently seen clients" },
    {
      command: "pkgstash clients list --sort synced_at --ascending",
      description: "The clients that synced longest ago",
    },
  ],
  run: list,
};

export const CLIENTS_COMMAND: Command = {
  ...LIST,
  name: "clients",
  subcommands: [
    { ...LIST, name: "clients list", summary: "List the clients" },
    {
      name: "clients show",
      summary: "Show a client in detail",
      description: "Prints all details of a client, with the last database of each repository " +
        "that it has fetched.",
      arguments: [ADDRESS],
      options: OPTIONS,
      examples: [{ command: "pkgstash clients show 192.168.1.5", description: "One client" }],
      run: show,
    },
    {
      name: "clients name",
      summary: "Name a client",
      description: "Gives a client a name, which is then shown beside its address.",
      arguments: [ADDRESS, {
        name: "NAME",
        description: "Its name; not with --remove",
        required: false,
      }],
      options: [REMOVE, ...CONNECTION_OPTIONS],
      examples: [
        { command: "pkgstash clients name 192.168.1.5 desk", description: "Name it desk" },
        {
          command: "pkgstash clients name 192.168.1.5 --remove",
          description: "Remove its name",
        },
      ],
      run: name,
    },
  ],
};

/** The server rejects other values and lists the allowed ones. */
type SortKey = NonNullable<InputArguments<typeof LIST_CLIENTS>[0]>["sort"];

async function list(options: OptionValues, output: Output): Promise<ExitCode> {
  const list = await (await ApiClient.of(options)).call(LIST_CLIENTS, {
    q: options.get("search"),
    sort: options.get("sort") as SortKey,
    descending: options.has("ascending") ? "false" : "true",
    limit: options.get("limit"),
    offset: options.get("offset"),
  });
  printAnswer(list, { options, output, render: renderClients });
  return EXIT_CODE.ok;
}

async function show(options: OptionValues, output: Output): Promise<ExitCode> {
  const address = requiredArgument(options, ADDRESS.name);
  const client = await (await ApiClient.of(options)).call(SHOW_CLIENT, { address });
  printAnswer(client, { options, output, render: renderClient });
  return EXIT_CODE.ok;
}

async function name(options: OptionValues, output: Output): Promise<ExitCode> {
  const address = requiredArgument(options, ADDRESS.name);
  const name = options.get("NAME");
  const client = await ApiClient.of(options);
  if (options.has(REMOVE.name)) {
    if (name !== undefined) throw new UsageError("Give a name or --remove, not both.");
    await client.call(UNNAME_CLIENT, { address });
    output.out(`${address} no longer has a name.`);
    return EXIT_CODE.ok;
  }
  if (name === undefined) {
    throw new UsageError("Missing argument NAME. Usage: pkgstash clients name ADDRESS NAME");
  }
  const named = await client.call(NAME_CLIENT, { address, body: { name } });
  output.out(`Named ${named.address} ${named.name}.`);
  return EXIT_CODE.ok;
}

function renderClients({ clients, total, known, behind }: ClientList, paints: Paints): string {
  if (known === 0) return "No client has requested a file yet.";
  if (clients.length === 0) return "No client matches.";
  const now = Date.now();
  const table = renderTable<ClientReport>(
    [
      { title: "CLIENT", text: labelOf, paint: (text) => paints.accent(text) },
      { title: "ADDRESS", text: ({ address }) => address },
      { title: "SEEN", text: ({ last_seen }) => agoText(last_seen, now) },
      {
        title: "SYNCED",
        text: ({ synced_at }) => synced_at === null ? "-" : agoText(synced_at, now),
      },
      { title: "PACMAN", text: ({ pacman_version }) => pacman_version ?? "-" },
      { title: "SENT", align: "right", text: ({ bytes_served }) => bytesText(bytes_served) },
      { title: "SAVED", align: "right", text: ({ bytes_saved }) => bytesText(bytes_saved) },
      { title: "HITS", align: "right", text: ({ hit_ratio }) => ratioText(hit_ratio) },
    ],
    clients,
    paints.title,
  );
  const shown = clients.length === total ? "" : `${clients.length} of `;
  const late = behind === 0 ? "" : `, ${behind} last synced more than 30 days ago`;
  return `${table}\n\n${shown}${countText(total, "client")}${late}.`;
}

function renderClient(client: ClientDetails, paints: Paints): string {
  const now = Date.now();
  const facts = renderFacts([
    ["Address", client.address],
    ["Name", client.name ?? "none"],
    ["Host name", client.host_name ?? "not known"],
    ["First seen", `${agoText(client.first_seen, now)} (${client.first_seen})`],
    ["Last seen", `${agoText(client.last_seen, now)} (${client.last_seen})`],
    ["User agent", client.agent ?? "none"],
    ["Sent", bytesText(client.bytes_served)],
    ["Saved", bytesText(client.bytes_saved)],
    ["Hits", ratioText(client.hit_ratio)],
    [
      "Requests",
      Object.entries(client.requests).filter(([, count]) => count > 0)
        .map(([result, count]) => `${count} ${result}`).join(", ") || "none",
    ],
  ], paints);
  if (client.syncs.length === 0) return `${facts}\n\nThis client has not synced a database.`;
  const table = renderTable<ClientDetails["syncs"][number]>(
    [
      { title: "REPOSITORY", text: ({ repository }) => repository },
      { title: "SYNCED", text: ({ synced_at }) => agoText(synced_at, now) },
      {
        title: "DATABASE OF",
        text: ({ database_dated }) => database_dated === null ? "-" : timeText(database_dated),
      },
      {
        title: "STATE",
        text: ({ is_current }) => is_current === null ? "-" : is_current ? "current" : "older",
      },
    ],
    client.syncs,
    paints.title,
  );
  return `${facts}\n\n${table}`;
}

function labelOf({ name, host_name }: ClientReport): string {
  return name ?? host_name ?? "-";
}

function ratioText(ratio: number | null): string {
  return ratio === null ? "-" : `${Math.round(ratio * 100)} %`;
}
