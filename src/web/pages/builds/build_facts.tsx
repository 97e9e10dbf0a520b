import type { BuildDetails } from "../../../api/builds.ts";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Duration, Time } from "../../elements/quantities.tsx";
import { useVisit } from "../../visit_context.ts";
import { sentence } from "../approvals/facts.ts";

/** The repository, builder and duration of a build. */
export function BuildFacts({ build, lastMs }: { build: BuildDetails; lastMs: number | null }) {
  const { now } = useVisit();
  const { attempts, architecture, repository, builder, created_at, approved, reason } = build;
  const { released, ended_by, package_names, package_base, needs } = build;
  const last = attempts.at(-1);
  const ms = last === undefined
    ? null
    : (last.ended_at === null ? now : Date.parse(last.ended_at)) - Date.parse(last.started_at);
  return (
    <>
      <dl class="about">
        <div>
          <dt>{last?.ended_at === null ? "Running for" : "Duration"}</dt>
          <dd>
            <Duration ms={ms} />
            {lastMs === null ? null : (
              <span class="hint">
                <Duration ms={lastMs} /> last time
              </span>
            )}
          </dd>
        </div>
        <div>
          <dt>Builder</dt>
          <dd>{builder === null ? "none yet" : <Foreign text={builder} />}</dd>
        </div>
        <div>
          <dt>Repository</dt>
          <dd>
            {repository}, {architecture}
          </dd>
        </div>
        <div>
          <dt>Queued</dt>
          <dd>
            <Time at={created_at} />
          </dd>
        </div>
      </dl>
      <p>
        <Foreign text={sentence(reason)} />{" "}
        <span class="quiet">
          Its files were approved by <Foreign text={approved.by} /> <Time at={approved.at} />.
          {released === null ? null : (
            <>
              {" "}It was held, and released by <Foreign text={released.by} />.
            </>
          )}
          {ended_by === null ? null : (
            <>
              {" "}It was ended by <Foreign text={ended_by.by} />
              {ended_by.reason === "" ? "" : (
                <>
                  : <Foreign text={ended_by.reason} />
                </>
              )}.
            </>
          )}
          {needs.length === 0 ? "" : ` It needs ${needs.join(", ")}.`}
          {package_names.join() === package_base ? "" : ` It builds ${package_names.join(", ")}.`}
        </span>
      </p>
    </>
  );
}
