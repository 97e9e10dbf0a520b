import type { BuildDetails } from "../../../api/builds.ts";
import { Foreign } from "../../elements/foreign_text.tsx";
import { Part } from "../../elements/facts.tsx";
import { Bytes } from "../../elements/quantities.tsx";
import { Table } from "../../elements/table.tsx";

/** The packages that a build produced. */
export function Products({ products }: { products: BuildDetails["products"] }) {
  return (
    <Part title="Packages built">
      <Table
        name="Packages built"
        rows={products}
        keyOf={({ file }) => file}
        columns={[
          { title: "File", cell: ({ file }) => <Foreign text={file} /> },
          { title: "Size", cell: ({ bytes }) => <Bytes bytes={bytes} />, isNumber: true },
          {
            title: "SHA-256",
            cell: ({ sha256 }) => <code title={sha256}>{sha256.slice(0, 16)}</code>,
            from: "wide",
          },
        ]}
      />
    </Part>
  );
}
