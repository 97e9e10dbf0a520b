import type { ApprovalDetail } from "../../../api/approvals.ts";
import { useVisit } from "../../visit_context.ts";

/** The form to decide exactly what the page shows. */
export function DecisionForm({ detail }: { detail: ApprovalDetail }) {
  const visit = useVisit();
  const { id, kind, packages, is_asked } = detail;
  const isSettings = kind === "settings";
  return (
    <section class="decide" id="decide" aria-labelledby="decide-title">
      <h2 id="decide-title">Decide</h2>
      {visit.may("approver")
        ? (
          <form method="post" action={visit.here({ since: null, id })}>
            <input type="hidden" name="id" value={id} />
            <input type="hidden" name="trees" value={packages.map(({ tree }) => tree).join(",")} />
            <label class="field">
              <span class="label">
                {is_asked
                  ? "Note (required to reject)"
                  : "Note (required: the cool-down is not over)"}
              </span>
              <textarea name="note" rows={2} maxLength={500}></textarea>
            </label>
            <p class="buttons">
              <button class="main" type="submit" name="action" value="approve">
                Approve {isSettings ? "these settings" : "exactly this"}
              </button>
              <button type="submit" name="action" value="skip">
                {isSettings
                  ? "Reject these settings"
                  : packages.length > 1
                  ? "Skip these versions"
                  : "Skip this version"}
              </button>
              <button class="danger" type="submit" name="action" value="hold">
                Hold {packages.length > 1 ? "the packages" : "the package"}
              </button>
            </p>
            <p class="hint">
              If anything changes before you decide, nothing is approved or rejected, and the page
              shows what is new.
            </p>
          </form>
        )
        : <p class="quiet">Your token can view approvals, but not decide.</p>}
    </section>
  );
}
