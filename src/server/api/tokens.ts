import type { TokenFacts } from "../../administration/tokens.ts";
import { CREATE_TOKEN, LIST_TOKENS, REVOKE_TOKEN, type TokenReport } from "../../api/tokens.ts";
import { PkgstashError } from "../../errors.ts";
import { timestamp, timestampOrNull } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";

export const tokenRoutes: readonly Route[] = [
  handle(LIST_TOKENS, async ({ administration: { tokens } }) => ({
    tokens: (await tokens.list()).map(tokenReport),
  })),
  handle(CREATE_TOKEN, async ({ body, administration: { tokens }, note }) => {
    const { expires_after_ms: expiresAfterMs, ...wanted } = body;
    const { token, facts } = await tokens.create({ ...wanted, expiresAfterMs });
    const report = tokenReport(facts);
    const { id, name, purpose, repositories, expires_at } = report;
    note({ id, name, purpose, repositories, expires_at });
    return { ...report, token };
  }),
  handle(REVOKE_TOKEN, async ({ path: { name }, administration: { tokens }, note }) => {
    const revoked = await tokens.revoke(name);
    if (revoked === null) {
      throw new PkgstashError(
        "not_found",
        `Cannot revoke ${name}: no such token. List the tokens to see their names.`,
      );
    }
    note({ id: revoked.id, name: revoked.name });
  }),
];

function tokenReport(facts: TokenFacts): TokenReport {
  const { id, name, purpose, repositories, createdAt, expiresAt, lastUsedAt } = facts;
  return {
    id,
    name,
    purpose,
    repositories: [...repositories],
    created_at: timestamp(createdAt),
    expires_at: timestampOrNull(expiresAt),
    last_used_at: timestampOrNull(lastUsedAt),
  };
}
