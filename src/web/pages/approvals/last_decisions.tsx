import type { WatchedDetail } from "../../../api/aur.ts";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Part } from "../../elements/facts.tsx";
import { Empty } from "../../elements/messages.tsx";
import { Time } from "../../elements/quantities.tsx";
import { sentence } from "./facts.ts";

const MOST = 20;

/** The last decisions about a package. */
export function LastDecisions({ watched }: { watched: WatchedDetail }) {
  const { decisions, accepted, hold } = watched;
  return (
    <>
      <p class="lead">
        {accepted === null ? "No version has been accepted yet." : (
          <>
            Last accepted: <Foreign text={accepted} />.
          </>
        )}
        {hold === null ? null : (
          <>
            {" "}It is held by <Foreign text={`${hold.by}: ${hold.reason}`} />. To build it again:
            {" "}
            <code>pkgstash aur hold --release {watched.base}</code>
          </>
        )}
      </p>
      <Part title="Decisions">
        {decisions.length === 0 ? <Empty title="No decisions yet." /> : (
          <ol class="events">
            {decisions.slice(0, MOST).map(({ at, by, action, version, reason }) => (
              <li key={`${at} ${action}`}>
                <span class="what">
                  <Foreign text={`${sentence(action).slice(0, -1)} ${version ?? ""}`} />
                </span>
                <span class="who">
                  <Foreign text={reason === "" ? by : `${by}: ${reason}`} />
                </span>
                <Time at={at} />
              </li>
            ))}
          </ol>
        )}
      </Part>
    </>
  );
}
