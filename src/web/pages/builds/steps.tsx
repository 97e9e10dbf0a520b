import { BUILD_STEPS } from "../../../api/builder.ts";
import type { BuildDetails } from "../../../api/builds.ts";
import { STEPS } from "./words.ts";

/** All steps of a build, with the current or failed one marked. */
export function Steps({ build: { state, step, failure } }: { build: BuildDetails }) {
  const isOver = state === "published" || state === "held" || state === "uploading";
  const current = step ?? failure?.step ?? null;
  const at = isOver ? BUILD_STEPS.length : current === null ? -1 : BUILD_STEPS.indexOf(current);
  const isFailed = state === "failed";
  return (
    <ol class="build-steps" aria-label="Steps">
      {BUILD_STEPS.map((each, index) => {
        const kind = index < at ? "done" : index > at ? "to-come" : isFailed ? "failed" : "current";
        const said = { done: "done", "to-come": "pending", failed: "failed", current: "now" };
        return (
          <li key={each} class={kind} aria-current={kind === "current" ? "step" : undefined}>
            {STEPS[each]} <span class="quiet">{said[kind]}</span>
          </li>
        );
      })}
    </ol>
  );
}
