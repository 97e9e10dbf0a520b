import type { ApprovalDetail } from "../../../api/approvals.ts";
import { Notice } from "../../elements/messages.tsx";
import { useVisit } from "../../visit_context.ts";

/** Says that what waits is not what the reader saw, and what is shown of it. */
export function Moved({ detail, since }: { detail: ApprovalDetail; since: readonly string[] }) {
  const visit = useVisit();
  const all = visit.here({ since: null, id: detail.id });
  const isSame = since.length > 0 && detail.packages.every(({ tree }) => since.includes(tree));
  const isSince = detail.packages.some(({ compared_with }) =>
    compared_with !== null && since.includes(compared_with)
  );
  return (
    <Notice tone="warn" title="It has moved on since you looked">
      <p>
        {isSame
          ? "The files are the same; the settings, or who maintains them, are not."
          : isSince
          ? "Below is what is new since then, and nothing else. "
          : "Below is everything that waits now, against what was accepted last."}
        {isSince && !isSame ? <a href={all}>Show everything that waits</a> : null}
      </p>
    </Notice>
  );
}
