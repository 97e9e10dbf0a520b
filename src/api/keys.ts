import { z } from "zod";
import { empty, endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

/** Keys with many signatures by others are long; gpg exports minimal ones on request. */
const MAX_KEY_BYTES = 256 * 1024;

const FINGERPRINT = z.string().regex(
  /^[0-9A-F]{40}$/,
  "must be a fingerprint: 40 hexadecimal digits in upper case",
);

const USER_IDS = z.array(z.string()).describe("Whose key it is, as gpg shows it.");

const KEY = z.object({
  fingerprint: z.string().describe("The fingerprint of the primary key."),
  user_ids: USER_IDS,
  created_at: TIMESTAMP.describe("When the key was made."),
  expires_at: TIMESTAMP.nullable().describe("When it ceases to be valid; null for never."),
  signs_from: TIMESTAMP.describe("From when on it signs, until the next key does."),
  state: z.enum(["signing", "next", "former"]).describe(
    "Whether it signs now, will sign later, or has signed. Clients must trust all of them.",
  ),
}).describe("A key that signs packages and databases.");

const TRUSTED_KEY = z.object({
  fingerprint: z.string().describe("The fingerprint of the primary key."),
  user_ids: USER_IDS,
}).describe("A key whose signatures are kept when they come with a package.");

const KEY_LIST = z.object({
  keys: z.array(KEY).describe(
    "The server's keys, oldest first; empty until one is needed.",
  ),
  trusted: z.array(TRUSTED_KEY).describe("The keys of others that are trusted."),
}).describe("The keys.");

const PUBLIC_KEYS = z.object({
  fingerprint: z.string().describe("The fingerprint of the key that signs now."),
  armored: z.string().describe("Every public key that clients must trust, armored."),
}).describe("What clients import.");

export type KeyReport = z.infer<typeof KEY>;
export type KeyList = z.infer<typeof KEY_LIST>;

/** Ten years. */
const MAX_OVERLAP_MS = 315_360_000_000;

const overlap_ms = COUNT.max(MAX_OVERLAP_MS).describe(
  "Time for clients to import the key before it signs; the first key signs at once.",
);

export const LIST_KEYS = endpoint({
  method: "GET",
  path: "/api/v1/keys",
  summary: "List the signing keys",
  answers: { 200: KEY_LIST },
});

export const SHOW_PUBLIC_KEYS = endpoint({
  method: "GET",
  path: "/api/v1/keys/public",
  summary: "Show the public keys for clients",
  answers: { 200: PUBLIC_KEYS },
});

export const ROTATE_KEY = endpoint({
  method: "POST",
  path: "/api/v1/keys/rotate",
  summary: "Make a new signing key",
  body: z.strictObject({ overlap_ms }),
  answers: { 201: KEY.describe("The new key.") },
});

export const IMPORT_KEY = endpoint({
  method: "POST",
  path: "/api/v1/keys/import",
  summary: "Import a signing key",
  maxBodyBytes: MAX_KEY_BYTES,
  body: z.strictObject({
    armored: z.string().describe("The private key, armored."),
    passphrase: z.string().nullable().describe("What unlocks it; null for nothing."),
    overlap_ms,
  }),
  answers: { 201: KEY.describe("The imported key.") },
  failures: { 409: "The server already has this key" },
});

export const RETIRE_KEY = endpoint({
  method: "DELETE",
  path: "/api/v1/keys/{fingerprint}",
  summary: "Retire a former signing key",
  isLong: true,
  pathParameters: { fingerprint: FINGERPRINT.describe("The fingerprint of its primary key.") },
  query: {
    force: z.enum(["true", "false"]).default("false").describe(
      "Whether to retire it even if databases of earlier generations, which views show, need it.",
    ),
  },
  answers: {
    204: empty("Clients no longer receive it, and its private part is deleted."),
  },
  failures: {
    404: "This server has no such key",
    409: "It signs, will sign, or is needed for something that clients receive",
  },
});

export const TRUST_KEY = endpoint({
  method: "POST",
  path: "/api/v1/keys/trusted",
  summary: "Trust a packager's key",
  maxBodyBytes: MAX_KEY_BYTES,
  body: z.strictObject({ armored: z.string().describe("The public key, armored.") }),
  answers: { 201: TRUSTED_KEY },
});

export const DISTRUST_KEY = endpoint({
  method: "DELETE",
  path: "/api/v1/keys/trusted/{fingerprint}",
  summary: "Stop trusting a packager's key",
  pathParameters: { fingerprint: FINGERPRINT.describe("The fingerprint of its primary key.") },
  answers: { 204: empty("Its signatures are refused from now on.") },
  failures: { 404: "This key is not trusted" },
});
