import {
  END_ALL_SESSIONS,
  END_SESSION,
  LIST_SESSIONS,
  type SessionReport,
} from "../../api/sessions.ts";
import { PkgstashError } from "../../errors.ts";
import type { SessionFacts } from "../admin/sessions.ts";
import { roleOf } from "../admin/role_of.ts";
import { handle, type Route } from "./route.ts";
import { timestamp } from "./timestamp.ts";

export const sessionRoutes: readonly Route[] = [
  handle(LIST_SESSIONS, ({ sessions }) => ({ sessions: sessions.list().flatMap(reportOf) })),
  handle(END_SESSION, async ({ path: { session }, sessions, note }) => {
    const ended = await sessions.end(session);
    if (ended === null) {
      throw new PkgstashError(
        "not_found",
        `Cannot end the session ${session}: no such session. It may have ended already.`,
      );
    }
    note({ session, of: ended.principal.name });
  }),
  handle(END_ALL_SESSIONS, ({ sessions }) => sessions.endAll()),
];

function reportOf(facts: SessionFacts): SessionReport[] {
  const { id, principal, startedAt, lastSeenAt, expiresAt, address, agent } = facts;
  const role = roleOf(principal);
  if (role === null) return [];
  return [{
    id,
    who: principal.name,
    role,
    started_at: timestamp(startedAt),
    last_seen_at: timestamp(lastSeenAt),
    expires_at: timestamp(expiresAt),
    address,
    agent,
  }];
}
