import type { BuildReport } from "../../../api/builds.ts";
import { Badge } from "../../elements/badge.tsx";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Time } from "../../elements/quantities.tsx";
import { sentence } from "./facts.ts";

/** Builds that are held or failed, each with why. */
export function BuildsToDecide({ builds }: { builds: readonly BuildReport[] }) {
  return (
    <ol class="waiting-list">
      {builds.map((build) => {
        const { number, package_base, version, architecture, state, hold, failure } = build;
        return (
          <li key={String(number)}>
            <p class="entry-title">
              <a href={`/admin/builds/${number}`}>{package_base}</a>{" "}
              <span class="versions">
                <Foreign text={version} /> for {architecture}
              </span>{" "}
              <Badge tone={state === "held" ? "warn" : "bad"}>{state}</Badge>
            </p>
            <p>
              <Foreign text={sentence(hold?.reason ?? failure?.reason ?? build.reason)} />
            </p>
            <p class="quiet small">
              Build {number}, queued <Time at={build.created_at} />
            </p>
          </li>
        );
      })}
    </ol>
  );
}
