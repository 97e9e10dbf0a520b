import type { WaitingFileReport } from "../../../api/repositories.ts";
import { Badge } from "../../elements/badge.tsx";
import { ActionForm } from "../../elements/forms.tsx";
import { Notice } from "../../elements/messages.tsx";
import { counted } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";

/** Files that wait for signatures made elsewhere. */
export function WaitingFiles(
  { name, waiting: { by, files } }: {
    /** Of the repository. */
    name: string;
    waiting: { readonly by: string | null; readonly files: readonly WaitingFileReport[] };
  },
) {
  const open = files.filter(({ signed }) => !signed).length;
  if (files.length === 0) return null;
  return (
    <Notice tone="warn" title={`${counted(open, "file waits", "files wait")} for a signature`}>
      <p>
        {by} wants to publish them. Fetch, sign and return each with{" "}
        <code>pkgstash repo sign {name}</code>; the previous publication is served until then.
      </p>
      <ActionForm action="discard" button="Discard them" weight="quiet" />
      <Table
        name="Files awaiting signatures"
        rows={files}
        keyOf={(file) => file.name}
        columns={[
          { title: "File", cell: (file) => <a href={file.path}>{file.name}</a> },
          {
            title: "Signature",
            cell: ({ signed }) =>
              signed ? <Badge tone="good">present</Badge> : <Badge tone="warn">missing</Badge>,
          },
        ]}
      />
    </Notice>
  );
}
