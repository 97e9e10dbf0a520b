import { PkgstashError, reasonOf } from "../errors.ts";
import { TOKEN_PURPOSES, type TokenPurpose } from "./principal.ts";

/** A token as stored. Times are in milliseconds since the epoch. */
export interface StoredToken {
  /** Public: the part of the token that identifies it. */
  readonly id: string;
  readonly name: string;
  readonly purpose: TokenPurpose;
  readonly repositories: readonly string[];
  /** SHA-256 of the whole token, in hexadecimal. */
  readonly sha256: string;
  readonly createdAt: number;
  /** When it expires; null for never. */
  readonly expiresAt: number | null;
  lastUsedAt: number | null;
}

/** The content of a file with these tokens. */
export function tokenFileOf(tokens: Iterable<StoredToken>): string {
  return `${JSON.stringify({ tokens: [...tokens] }, null, 2)}\n`;
}

/**
 * The tokens in a file; none if the file is missing.
 *
 * @throws PkgstashError `storage` if it is unreadable or damaged, so it is unknown which tokens are
 * valid.
 */
export async function readTokenFile(path: string): Promise<StoredToken[]> {
  try {
    const { tokens } = JSON.parse(await Deno.readTextFile(path)) as { tokens: unknown };
    if (!Array.isArray(tokens) || !tokens.every(isStoredToken)) {
      throw new Error("it is not a valid list of tokens");
    }
    // Tokens of older versions never expire.
    return tokens.map((token) => ({ ...token, expiresAt: token.expiresAt ?? null }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new PkgstashError(
      "storage",
      `Cannot read the tokens in ${path}: ${reasonOf(error)}. ` +
        "Restore the file from a backup, or remove it and create the tokens again.",
      { cause: error },
    );
  }
}

function isStoredToken(value: unknown): value is StoredToken {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, purpose, repositories, sha256, createdAt, expiresAt, lastUsedAt } =
    value as Record<keyof StoredToken, unknown>;
  return typeof id === "string" && typeof name === "string" &&
    TOKEN_PURPOSES.some((each) => each === purpose) &&
    Array.isArray(repositories) && repositories.every((each) => typeof each === "string") &&
    typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256) &&
    typeof createdAt === "number" &&
    (expiresAt === undefined || expiresAt === null || typeof expiresAt === "number") &&
    (lastUsedAt === null || typeof lastUsedAt === "number");
}
