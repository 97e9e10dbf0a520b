import { LIST_MIRRORS, type MirrorTrial, TEST_MIRRORS } from "../../api/mirrors.ts";
import { REFRESH } from "../../api/refresh.ts";
import { SHOW_STATUS } from "../../api/status.ts";
import { Part } from "../elements/facts.tsx";
import { ActionForm } from "../elements/forms.tsx";
import { Live } from "../elements/live.tsx";
import { Notice } from "../elements/messages.tsx";
import { counted, Time } from "../elements/quantities.tsx";
import type { Page } from "../page.ts";
import { DatabaseTable } from "./mirrors/database_table.tsx";
import { MirrorTable } from "./mirrors/mirror_table.tsx";
import { mirrorsSentence } from "./mirrors/sentence.ts";

/** Whether the databases are current, and the health of the mirrors. */
export const MIRRORS: Page = {
  path: "mirrors",
  title: "Mirrors",
  section: "Mirror",
  role: "viewer",
  isLive: true,
  render: async ({ call }) => {
    const [{ databases, mirrorlists, refresh }, { mirrors }] = await Promise.all([
      call(SHOW_STATUS),
      call(LIST_MIRRORS),
    ]);
    return {
      ...mirrorsSentence(databases, mirrors),
      commands: ["pkgstash refresh", "pkgstash mirrors", "pkgstash mirrors test"],
      body: (
        <>
          <Live id="mirrorlists" isPolite>
            {mirrorlists.filter(({ failure }) => failure !== null).map((list) => (
              <Notice
                key={list.path}
                tone="warn"
                title={`The mirrorlist ${list.path} cannot be used`}
              >
                <p>
                  {list.failure}. {counted(list.mirrors, "mirror")} from the version read{" "}
                  <Time at={list.read_at} /> {list.mirrors === 1 ? "is" : "are"}{" "}
                  used. Correct the file; it is read again when it changes.
                </p>
              </Notice>
            ))}
          </Live>
          <Part
            title="Databases"
            aside={<ActionForm action="refresh" weight="main" button="Refresh now" />}
          >
            <Live id="databases">
              <DatabaseTable databases={databases} />
              {refresh === "running" ? <p class="waiting">Refreshing</p> : null}
            </Live>
          </Part>
          <Part title="Mirrors" aside={<ActionForm action="test" button="Test all now" />}>
            <Live id="mirrors">
              <MirrorTable mirrors={mirrors} />
            </Live>
          </Part>
        </>
      ),
    };
  },
  actions: {
    refresh: {
      role: "administrator",
      run: async ({ call }) => {
        const events = (await call(REFRESH)).getReader();
        // A refresh outlasts a page request. If it cannot start, the first read throws.
        await events.read();
        void drain(events);
        return { text: "The refresh has started." };
      },
    },
    test: {
      role: "administrator",
      run: async ({ call }) => ({ text: trialText((await call(TEST_MIRRORS)).mirrors) }),
    },
  },
};

/** Reads all events: a refresh stalls if nobody does. */
async function drain(events: ReadableStreamDefaultReader<unknown>): Promise<void> {
  try {
    while (!(await events.read()).done);
  } catch {
    // Failures are in the log, and the page shows them.
  }
}

/** The result of a test of all mirrors, for people. */
export function trialText(trials: readonly MirrorTrial[]): string {
  const asked = trials.filter(({ file }) => file !== null);
  const failed = asked.filter(({ error }) => error !== null);
  const answered = asked.filter(({ ms }) => ms !== null).toSorted((a, b) => a.ms! - b.ms!);
  const [quickest] = answered;
  const most = quickest === undefined
    ? "No mirror answered."
    : `${answered.length} of ${
      counted(asked.length, "mirror")
    } answered, ${quickest.name} first, ` +
      `in ${quickest.ms} ms.`;
  return [most, ...failed.map(({ name, error }) => `${name}: ${error}.`)].join(" ");
}
