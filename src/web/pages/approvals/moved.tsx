import type { ApprovalDetail } from "../../../api/approvals.ts";
import { Notice } from "../../elements/messages.tsx";
import { useVisit } from "../../visit_context.ts";

/** Says that the proposed change is not the one the reader saw, and what the page compares. */
export function Moved({ detail, since }: { detail: ApprovalDetail; since: readonly string[] }) {
  const visit = useVisit();
  const all = visit.here({ since: null, id: detail.id });
  const isSame = since.length > 0 && detail.packages.every(({ tree }) => since.includes(tree));
  const isSince = detail.packages.some(({ compared_with }) =>
    compared_with !== null && since.includes(compared_with)
  );
  return (
    <Notice tone="warn" title="It has changed since you opened it">
      <p>
        {isSame
          ? "The files are the same, but the settings or the maintainers have changed."
          : isSince
          ? "Below are only the changes since then. "
          : "Below is everything pending, compared with the last accepted version."}
        {isSince && !isSame ? <a href={all}>Show everything pending</a> : null}
      </p>
    </Notice>
  );
}
