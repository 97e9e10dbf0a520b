import type { BuildDetails } from "../../../api/builds.ts";
import { ActionForm } from "../../elements/forms.tsx";

/** The actions that a build's state allows. */
export function BuildActions({ build: { state, package_base } }: { build: BuildDetails }) {
  const isRunning = state === "waiting" || state === "leased" || state === "uploading";
  return (
    <div class="buttons">
      {state === "held"
        ? (
          <>
            <ActionForm
              action="approve"
              role="approver"
              weight="main"
              button="Approve and publish"
            />
            <ActionForm action="refuse" role="approver" weight="danger" button="Refuse" />
          </>
        )
        : null}
      {isRunning || state === "held"
        ? <ActionForm action="cancel" weight="danger" button="Cancel" />
        : null}
      {state === "failed" || state === "cancelled"
        ? <ActionForm action="retry" weight="main" button="Retry this version" />
        : null}
      {state === "published"
        ? (
          <ActionForm
            action="rebuild"
            button="Rebuild"
            label={`Build ${package_base} again`}
          />
        )
        : null}
    </div>
  );
}
