import type { CleanupResult } from "../../../api/cleanup.ts";
import { bytesText } from "../../../config/quantities.ts";
import { Badge } from "../../elements/badge.tsx";
import { FileName } from "../../elements/file_name.tsx";
import { Filter } from "../../elements/filter.tsx";
import { ActionForm } from "../../elements/forms.tsx";
import { Empty, Notice } from "../../elements/messages.tsx";
import { Pager } from "../../elements/pager.tsx";
import { Bytes, counted, countText } from "../../elements/quantities.tsx";
import { listed, Table } from "../../elements/table.tsx";
import type { Visit } from "../../visit.ts";
import { reasonText } from "./reason.ts";

/** The files that a cleanup would remove now, and the button that removes exactly these. */
export function Plan({ plan, visit }: { plan: CleanupResult; visit: Visit }) {
  const { files, kept } = plan;
  const keptText = `${counted(kept.files, "file")} (${bytesText(kept.bytes)})`;
  if (files.length === 0) {
    return (
      <>
        <Unmet plan={plan} />
        <Empty title="Nothing to remove.">
          <p>{keptText} are kept: {kept.current} current, {kept.pinned} pinned.</p>
        </Empty>
      </>
    );
  }
  const list = listed(visit, files, {
    search: ({ path, reason }) => `${path} ${reasonText(reason)}`,
    sorts: { size: ({ bytes }) => bytes, reason: ({ reason }) => reason, file: ({ path }) => path },
  });
  return (
    <>
      <Unmet plan={plan} />
      <div class="plan-head">
        <p>To remove: {sumsText(plan)}. To keep: {keptText}.</p>
        <ActionForm
          action="run"
          fields={{ plan: plan.plan }}
          weight="danger"
          button="Remove exactly these"
        />
      </div>
      <Filter label="Search the plan" />
      <div class="list">
        <Table
          name="Files that would be removed"
          rows={list.rows}
          keyOf={({ path }) => path}
          columns={[
            { title: "File", sort: "file", cell: ({ path }) => <FileName path={path} /> },
            {
              title: "Size",
              sort: "size",
              cell: ({ bytes }) => <Bytes bytes={bytes} />,
              isNumber: true,
            },
            {
              title: "Reason",
              sort: "reason",
              cell: ({ reason }) => <Badge>{reasonText(reason)}</Badge>,
              from: "medium",
            },
            { title: "Why", cell: ({ why }) => <span class="quiet">{why}</span>, from: "wide" },
          ]}
        />
      </div>
      <Pager list={list} one="file" />
    </>
  );
}

function Unmet({ plan: { unmet } }: { plan: CleanupResult }) {
  if (unmet === null) return null;
  return (
    <Notice tone="bad" title="A limit cannot be met">
      <p>{unmet}.</p>
    </Notice>
  );
}

/** `12 × old version (3 GiB), 1 × temporary file (4 KiB)` */
export function sumsText({ files }: Pick<CleanupResult, "files">): string {
  const sums = new Map<string, { count: number; bytes: number }>();
  for (const { reason, bytes } of files) {
    const sum = sums.get(reason) ?? { count: 0, bytes: 0 };
    sums.set(reason, { count: sum.count + 1, bytes: sum.bytes + bytes });
  }
  return Array.from(
    sums,
    ([reason, { count, bytes }]) =>
      `${countText(count)} × ${reasonText(reason)} (${bytesText(bytes)})`,
  ).join(", ");
}
