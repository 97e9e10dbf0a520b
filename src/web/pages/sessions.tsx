import {
  END_ALL_SESSIONS,
  END_SESSION,
  LIST_SESSIONS,
  type SessionReport,
} from "../../api/sessions.ts";
import { Part } from "../elements/facts.tsx";
import { ActionForm } from "../elements/forms.tsx";
import { Live } from "../elements/live.tsx";
import { Badge } from "../elements/badge.tsx";
import { counted, Time } from "../elements/quantities.tsx";
import { Table } from "../elements/table.tsx";
import { browserName } from "./sessions/browser_name.ts";
import type { Page } from "../page.ts";

export const SESSIONS: Page = {
  path: "sessions",
  title: "Sessions",
  section: "Administration",
  role: "viewer",
  isLive: true,
  render: async ({ call, visitor }) => {
    const { sessions } = await call(LIST_SESSIONS);
    return {
      heading: sessionsSentence(sessions, visitor.sessionId),
      commands: ["pkgstash sessions", "pkgstash sessions end SESSION"],
      body: (
        <Part
          title="Signed in"
          aside={<ActionForm action="end-all" button="Sign everyone out" weight="danger" />}
        >
          <Live id="sessions">
            <Table
              name="Sessions"
              rows={sessions}
              keyOf={({ id }) => id}
              columns={[
                {
                  title: "Who",
                  cell: ({ id, who }) => (
                    <>
                      {who} {id === visitor.sessionId ? <Badge>this session</Badge> : null}
                    </>
                  ),
                },
                { title: "Role", cell: ({ role }) => role, from: "medium" },
                { title: "Browser", cell: ({ agent }) => browserName(agent), from: "wide" },
                { title: "From", cell: ({ address }) => address, from: "medium" },
                { title: "Last seen", cell: ({ last_seen_at }) => <Time at={last_seen_at} /> },
                {
                  title: "Ends",
                  cell: ({ expires_at }) => <Time at={expires_at} />,
                  from: "medium",
                },
                {
                  title: "Action",
                  cell: ({ id, who }) => (
                    <ActionForm
                      action="end"
                      fields={{ session: id }}
                      button="End"
                      label={`End the session of ${who}`}
                    />
                  ),
                  isAction: true,
                },
              ]}
            />
          </Live>
        </Part>
      ),
    };
  },
  actions: {
    end: {
      role: "administrator",
      run: async ({ call }, form) => {
        await call(END_SESSION, { session: form.text("session") });
        return { text: "The session has ended." };
      },
    },
    "end-all": {
      role: "administrator",
      confirm: () => ({
        heading: "Sign everyone out?",
        body: <p>Everyone, including you, must sign in again. Nothing else is lost.</p>,
        button: "Sign everyone out",
      }),
      run: async ({ call }) => {
        await call(END_ALL_SESSIONS);
        return { text: "Everyone has been signed out." };
      },
    },
  },
};

function sessionsSentence(sessions: readonly SessionReport[], own: string | null): string {
  const others = sessions.filter(({ id }) => id !== own).length;
  if (own === null) return `${counted(others, "browser is", "browsers are")} signed in`;
  return others === 0
    ? "Only you are signed in"
    : `You and ${counted(others, "other browser", "other browsers")} are signed in`;
}
