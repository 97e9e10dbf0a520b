import type { BuildReport } from "../../../api/builds.ts";
import { madeVisible } from "../../../formats/text/characters.ts";
import { Time } from "../../elements/quantities.tsx";
import { BuildTitle } from "./build_title.tsx";
import { LogText } from "./log_line.tsx";
import { STEPS } from "./words.ts";

export interface RunningBuild {
  readonly build: BuildReport;
  /** The last line of its log; null if the log is empty. */
  readonly lastLine: string | null;
}

/** Running builds, each with the last line of its log. */
export function Running({ builds }: { builds: readonly RunningBuild[] }) {
  return (
    <ol class="waiting-list">
      {builds.map(({ build, lastLine }) => {
        const { number, builder, step, created_at } = build;
        return (
          <li key={String(number)}>
            <BuildTitle build={build} />
            <p class="small">
              {step === null ? "Publishing" : STEPS[step]}
              <span class="quiet">
                {`, on ${madeVisible(builder ?? "a builder")}, queued `}
                <Time at={created_at} />
              </span>
            </p>
            {lastLine === null ? null : (
              <p class="last-line code-lines">
                <code>
                  <LogText text={lastLine} />
                </code>
              </p>
            )}
          </li>
        );
      })}
    </ol>
  );
}
