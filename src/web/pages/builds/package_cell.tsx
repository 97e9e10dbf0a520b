import type { BuildReport } from "../../../api/builds.ts";
import { Foreign } from "../../elements/foreign_text.tsx";

/** The package and version of a build, linking to it. */
export function PackageCell(
  { build: { number, package_base, version } }: {
    build: Pick<BuildReport, "number" | "package_base" | "version">;
  },
) {
  return (
    <>
      <a href={`/admin/builds/${number}`}>{package_base}</a>{" "}
      <span class="quiet version">
        <Foreign text={version} />
      </span>
    </>
  );
}
