import { PkgstashError, reasonOf } from "../errors.ts";
import { TOKEN_PURPOSES, type TokenPurpose } from "./principal.ts";

/** A token as it is kept. Times are in milliseconds since the epoch. */
export interface StoredToken {
  /** Public: it is part of the token, and names it. */
  readonly id: string;
  readonly name: string;
  readonly purpose: TokenPurpose;
  readonly repositories: readonly string[];
  /** Of the whole token, in hexadecimal. */
  readonly sha256: string;
  readonly createdAt: number;
  /** From when on it is refused; null for never. */
  readonly expiresAt: number | null;
  lastUsedAt: number | null;
}

/** The text of the file with these tokens. */
export function tokenFileOf(tokens: Iterable<StoredToken>): string {
  return `${JSON.stringify({ tokens: [...tokens] }, null, 2)}\n`;
}

/**
 * The tokens in a file; none if there is no file.
 *
 * @throws PkgstashError `storage` if it cannot be read, or has been damaged: then nobody can say
 * which tokens are good.
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
