import { z } from "zod";
import { empty, endpoint } from "./endpoint.ts";
import { TRAFFIC_SHAPE } from "./history.ts";
import { LIMIT, OFFSET } from "./paging.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

/** JSON Schema has no letters of any script, so it is no `pattern` of the document. */
const NAME_TEXT = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M} ._@'()-]*[\p{L}\p{N}\p{M})])?$/u;

const NAME = z.string().max(64).refine(
  (text) => NAME_TEXT.test(text),
  "must be a name of letters, digits, spaces and . _ @ ' ( ) -",
);

const CLIENT = z.object({
  address: z.string().describe("IP address; unknown for clients that a proxy does not name."),
  name: z.string().nullable().describe("Its assigned name; null for none."),
  host_name: z.string().nullable().describe(
    "What reverse DNS says, which proves nothing; null unless resolve_client_names is set.",
  ),
  first_seen: TIMESTAMP.describe("When it first asked for a file."),
  last_seen: TIMESTAMP.describe("When it last asked for a file."),
  agent: z.string().nullable().describe("The user agent that it sent last: untrusted text."),
  pacman_version: z.string().nullable().describe("The version in it, if it looks like pacman's."),
  ...TRAFFIC_SHAPE,
  hit_ratio: z.number().min(0).max(1).nullable().describe(
    "Share of its requests for existing files that needed no transfer; null without any.",
  ),
  synced_at: TIMESTAMP.nullable().describe(
    "When it last received a database, or learned that its copy is current; null if never.",
  ),
}).describe("A client: whoever asked for files from one address.");

const CLIENT_LIST = z.object({
  clients: z.array(CLIENT).describe("The clients of this page."),
  total: COUNT.describe("How many match, on all pages."),
  known: COUNT.describe("How many clients are known."),
  behind: COUNT.describe("How many of those that match last synced more than 30 days ago."),
}).describe("Clients.");

const CLIENT_DETAILS = CLIENT.extend({
  syncs: z.array(z.object({
    repository: z.string().describe("Directory of the repository."),
    synced_at: TIMESTAMP.describe(
      "When the client last received the database, or learned that its copy is current.",
    ),
    database_dated: TIMESTAMP.nullable().describe(
      "The date of that database on the mirror; null if it has none.",
    ),
    is_current: z.boolean().nullable().describe(
      "Whether this database is the current one; null if unknown.",
    ),
  })).describe("The last database of each repository that the client has."),
}).describe("A client in detail.");

const NAMED = z.object({
  address: z.string().describe("IP address in its usual form."),
  name: z.string().describe("Its new name."),
}).describe("The client has this name.");

export type ClientReport = z.infer<typeof CLIENT>;
export type ClientDetails = z.infer<typeof CLIENT_DETAILS>;
export type ClientList = z.infer<typeof CLIENT_LIST>;

/** What clients can be sorted by. */
export const CLIENT_SORTS = [
  "last_seen",
  "first_seen",
  "name",
  "address",
  "bytes_served",
  "bytes_saved",
  "requests",
  "hit_ratio",
  "synced_at",
] as const;

const pathParameters = {
  address: z.string().max(64).describe("The client's IP address."),
};

export const LIST_CLIENTS = endpoint({
  method: "GET",
  path: "/api/v1/clients",
  summary: "List the clients",
  query: {
    q: z.string().max(200).optional().describe(
      "Only clients whose address, names or user agent contain all of these words, in any case.",
    ),
    sort: z.enum(CLIENT_SORTS).default("last_seen").describe("What to sort by."),
    descending: z.enum(["true", "false"]).default("true").describe(
      "Whether to sort from latest or largest.",
    ),
    limit: LIMIT,
    offset: OFFSET,
  },
  answers: { 200: CLIENT_LIST },
});

export const SHOW_CLIENT = endpoint({
  method: "GET",
  path: "/api/v1/clients/{address}",
  summary: "Show a client",
  pathParameters,
  answers: { 200: CLIENT_DETAILS },
  failures: { 404: "The client is unknown" },
});

export const NAME_CLIENT = endpoint({
  method: "PUT",
  path: "/api/v1/clients/{address}/name",
  summary: "Name a client",
  pathParameters,
  body: z.strictObject({ name: NAME.describe("What to call it.") }),
  answers: { 200: NAMED },
  failures: { 409: "Another client has this name, or too many clients have names" },
});

export const UNNAME_CLIENT = endpoint({
  method: "DELETE",
  path: "/api/v1/clients/{address}/name",
  summary: "Remove the name of a client",
  pathParameters,
  answers: { 204: empty("The client no longer has a name.") },
  failures: { 404: "The client has no name" },
});
