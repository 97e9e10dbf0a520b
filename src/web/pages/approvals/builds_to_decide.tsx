import type { BuildReport } from "../../../api/builds.ts";
import { Badge } from "../../elements/badge.tsx";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Time } from "../../elements/quantities.tsx";
import { BuildTitle } from "../builds/build_title.tsx";
import { sentence } from "./facts.ts";

/** Held and failed builds, each with the reason. */
export function BuildsToDecide({ builds }: { builds: readonly BuildReport[] }) {
  return (
    <ol class="waiting-list">
      {builds.map((build) => {
        const { number, state, hold, failure } = build;
        return (
          <li key={String(number)}>
            <BuildTitle build={build}>
              <Badge tone={state === "held" ? "warn" : "bad"}>{state}</Badge>
            </BuildTitle>
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
